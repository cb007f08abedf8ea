import DataParallel
import Glibc
import Kernels
import Launching
import Subprocess
import SystemPackage

/// A worker process on the coordinator's machine.
struct LocalWorker: WorkerProcess {
    let name: String
    /// The endpoint of the coordinator.
    private let endpoint: String
    private let threads: Int
    private let logLevel: String
    /// Ends the run's processes with this one.
    private let lifeline: Lifeline
    /// The secret that proves its identity, the same after a restart.
    private let secret: WorkerSecret
    private let place: [String]
    /// The key file to join with; nil if it needs none or finds it itself.
    private let key: String?

    var prefix: String? { nil }
    var isEnding: Bool { lifeline.isCut }

    /// The workers of one training, which share a lifeline.
    static func all(
        _ count: Int, threads: Int, endpoint: String, key: String? = nil, logLevel: String
    ) throws -> [LocalWorker] {
        let lifeline = try Lifeline()
        // Lanes are pinned if they use all processors. Otherwise Linux finds idle processors, and
        // two trainings do not share the same ones.
        let isPlaced = count * threads == Processors.allowed.count
        return (0..<count).map { worker in
            LocalWorker(
                name: "worker \(worker + 1)", endpoint: endpoint, threads: threads,
                logLevel: logLevel, lifeline: lifeline, secret: .random(),
                place: isPlaced ? ["--place", "\(worker * threads)"] : [], key: key)
        }
    }

    func title(_ pid: pid_t) -> String { "local worker process \(pid)" }

    func end() { lifeline.cut() }

    func run(
        started: @escaping @Sendable (pid_t) -> Void, said: @escaping @Sendable (String) -> Void
    ) async throws -> ChildEnd {
        let end = try await Subprocess.run(
            .path(FilePath(OwnExecutable.path)),
            arguments: Arguments(
                [
                    "worker", "--connect", endpoint, "--lifeline", "--threads", "\(threads)",
                    "--log-level", logLevel, "--log-format", "text",
                ] + place + (key.map { ["--key", $0] } ?? [])),
            environment: .inherit.updating([
                .init(stringLiteral: OwnIdentity.variable): secret.text
            ]),
            input: .fileDescriptor(lifeline.readEnd, closeAfterSpawningProcess: false),
            output: .sequence, error: .combinedWithOutput
        ) { execution in
            started(execution.processIdentifier.value)
            try await execution.standardOutput.forEachLine { said($0) }
        }
        return ChildEnd(pid: end.processIdentifier.value, status: end.terminationStatus)
    }
}
