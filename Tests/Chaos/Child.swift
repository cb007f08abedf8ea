import Files
import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage

/// A Tern process that leads its own process group; its output goes to a file.
struct Child {
    let pid: pid_t
    private let run: Task<TerminationStatus, any Error>

    /// Starts the program with these arguments.
    ///
    /// - Parameters:
    ///   - output: the file that its output is appended to.
    ///   - onLine: called with each line as soon as it is printed.
    ///   - onEnd: called when the process ends.
    static func start(
        _ arguments: [String], output: String,
        onLine: @escaping @Sendable (String) -> Void = { _ in },
        onEnd: @escaping @Sendable () -> Void = {}
    ) async throws -> Child {
        let file = try Folder(Files.folder(of: output))
            .openForAppending(Files.name(of: output))
        let (pids, pid) = AsyncStream<pid_t>.makeStream()
        let run = Task {
            defer {
                pid.finish()
                close(file)
                onEnd()
            }
            var options = PlatformOptions()
            options.processGroupID = 0
            let end = try await Subprocess.run(
                .path(FilePath(tern)), arguments: Arguments(arguments), platformOptions: options,
                input: .none, output: .sequence, error: .combinedWithOutput
            ) { execution in
                pid.yield(execution.processIdentifier.value)
                var lines = LineSplitter()
                for try await buffer in execution.standardOutput {
                    let bytes = buffer.withUnsafeBytes { Array($0) }
                    for line in lines.add(bytes) { onLine(line) }
                    try Files.writeAll(bytes, to: file, path: output)
                }
            }
            return end.terminationStatus
        }
        for await pid in pids { return Child(pid: pid, run: run) }
        _ = try await run.value
        throw ChaosFailure("\(tern) ended before it had begun")
    }

    /// The path of Tern, which lies beside this program.
    static let tern: String = {
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return own.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/tern"
    }()

    /// Sends the process a signal.
    func signal(_ signal: Int32) { kill(pid, signal) }

    /// Waits for the process to end; kills it if the caller is cancelled.
    func end() async throws -> TerminationStatus {
        try await withTaskCancellationHandler {
            try await run.value
        } onCancel: {
            kill(-pid, SIGKILL)
        }
    }

    /// Whether any process of its group still runs.
    var isRunning: Bool { kill(-pid, 0) == 0 }
}

/// Splits a byte stream that arrives in pieces into lines.
private struct LineSplitter {
    private var open: [UInt8] = []

    mutating func add(_ bytes: [UInt8]) -> [String] {
        let parts = (open + bytes).split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        open = Array(parts.last ?? [])
        return parts.dropLast().map { String(decoding: $0, as: UTF8.self) }
    }
}

/// A disturbed run failed to do something that it must do.
struct ChaosFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
