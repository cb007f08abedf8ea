import Glibc
import Launching
import Monitoring
import Subprocess
import SystemPackage

/// The monitor process that `tern train --monitor` starts beside a run, which only reads.
struct MonitorProcess {
    /// The folder of the run.
    let run: String
    /// The port on this machine.
    let port: UInt16

    /// Starts the monitor, runs `work`, and ends the monitor.
    ///
    /// - Parameter tell: called with the page's address and, if the monitor ends too soon, the
    ///   reason.
    /// - Throws: ``Failure`` if the monitor cannot listen; then `work` does not run.
    func run<Result>(
        tell: @escaping @Sendable (_ line: String, _ isWarning: Bool) -> Void,
        during work: () async throws -> Result
    ) async throws -> Result {
        let lifeline = try Lifeline()
        let (lines, continuation) = AsyncStream<String>.makeStream()
        let process = Task {
            defer { continuation.finish() }
            return try await follow(lifeline) { continuation.yield($0) }
        }
        var words: [String] = []
        for await line in lines {
            words.append(line)
            if line.contains("http://") { break }
        }
        guard let last = words.last, last.contains("http://") else {
            let status = try await process.value
            let reason = words.last.map { $0.replacing("tern: error: ", with: "") } ?? "it ended"
            throw Failure(status: status, message: "--monitor \(port): \(reason)")
        }
        tell(last, false)
        let watcher = Task {
            var words = ""
            for await line in lines { words = line }
            if !lifeline.isCut {
                tell("the monitor ended: \(words); the run goes on without it", true)
            }
        }
        defer { lifeline.cut() }
        let result = try await work()
        lifeline.cut()
        await watcher.value
        return result
    }

    /// Passes on the monitor's lines, and returns its exit status.
    private func follow(
        _ lifeline: Lifeline, _ line: @escaping (String) -> Void
    ) async throws -> Int32 {
        let end = try await Subprocess.run(
            .path(FilePath(OwnExecutable.path)),
            arguments: ["monitor", run, "--listen", "127.0.0.1:\(port)", "--lifeline"],
            input: .fileDescriptor(lifeline.readEnd, closeAfterSpawningProcess: false),
            output: .sequence, error: .combinedWithOutput
        ) { execution in
            try await execution.standardOutput.forEachLine { line($0) }
        }
        switch end.terminationStatus {
        case .exited(let code): return code
        case .signaled(let signal): return ExitStatus.signal(signal)
        }
    }
}
