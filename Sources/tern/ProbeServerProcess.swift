import Glibc
import Launching
import Subprocess
import SystemPackage
import ZeroMQ

/// The server that listens in the coordinator's place while a launch's hosts measure their routes.
struct ProbeServerProcess {
    /// The endpoint to listen on.
    let endpoint: String
    /// The token that hosts present.
    let token: ProbeToken

    /// Starts the server, runs `work`, and ends the server.
    ///
    /// - Throws: ``Failure`` if it cannot listen.
    func run<Result: Sendable>(
        during work: (_ bound: Endpoint) async throws -> Result
    ) async throws -> Result {
        let outcome = try await Subprocess.run(
            .path(FilePath(OwnExecutable.path)), arguments: ["probe", "--serve", endpoint],
            input: .inputWriter, output: .sequence, error: .combinedWithOutput
        ) { execution in
            let (lines, continuation) = AsyncStream<String>.makeStream()
            let reading = Task {
                try? await execution.standardOutput.forEachLine { continuation.yield($0) }
                continuation.finish()
            }
            _ = try await execution.standardInputWriter.write(Array("\(token.text)\n".utf8))
            var words = "it ended"
            for await line in lines {
                words = line
                break
            }
            let sign = "listening on "
            guard words.hasPrefix(sign),
                let bound = try? Endpoint(String(words.dropFirst(sign.count)), for: .listen)
            else {
                throw Failure(
                    status: ExitStatus.unavailable,
                    message: words.replacing("tern: error: ", with: ""))
            }
            let result = try await work(bound)
            try? await execution.standardInputWriter.finish()
            await reading.value
            return result
        }
        return outcome.closureResult
    }
}
