/// A web server's answer, as curl reads it.
struct WebAnswer {
    let status: Int
    /// The headers, with lower-case names.
    let headers: [String: String]
    let body: String

    /// Sends one request for exactly this address.
    init(_ url: String, _ options: [String] = []) async throws {
        let ending = try await bench.start(
            ["curl", "--silent", "--show-error", "--include", "--path-as-is", "--globoff"]
                + ["--noproxy", "*", "--max-time", "60"] + options + [url]
        ).end()
        guard ending.status == 0, let gap = ending.output.firstRange(of: "\r\n\r\n") else {
            throw TestFailure(description: "no answer from \(url): \(ending)")
        }
        let lines = ending.output[..<gap.lowerBound].split(separator: "\r\n")
        status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.last?.trimmingPrefix { $0 == " " }.description
        }
        self.headers = headers
        body = String(ending.output[gap.upperBound...])
    }
}
