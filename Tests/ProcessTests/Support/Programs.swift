import FoundationEssentials
import Testing

/// Whether a program is installed that a test reads Tern's output with, and is skipped without.
func isInstalled(_ program: String) -> Bool {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.contains {
        FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
    }
}

/// Expects that jq reads each line of a file as one JSON object.
func expectObjects(
    _ path: String, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let lines = try readFile(path).split(separator: 10).count
    let jq = try await bench.start(["jq", "--compact-output", "--exit-status", "type", path]).end()
    #expect(jq.status == 0, "\(path): \(jq.errors)", sourceLocation: sourceLocation)
    #expect(lines > 0, "\(path)", sourceLocation: sourceLocation)
    let types = jq.output.split(separator: "\n")
    #expect(
        types.count == lines && types.allSatisfy { $0 == "\"object\"" }, "\(path)",
        sourceLocation: sourceLocation)
}
