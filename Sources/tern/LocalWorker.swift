import DataParallel
import Glibc
import Kernels
import Launching
import Subprocess
import SystemPackage

/// A worker process beside the coordinator, on its machine.
struct LocalWorker: WorkerProcess {
    let name: String
    /// Where it dials in.
    private let endpoint: String
    private let threads: Int
    private let logLevel: String
    /// What the processes of the run live no longer than.
    private let lifeline: Lifeline
    /// What it proves its identity with, also when it is started again.
    private let secret: WorkerSecret
    private let place: [String]
    /// The file of the key that it joins with; nil where it needs none, or finds it itself.
    private let key: String?

    var prefix: String? { nil }
    var isEnding: Bool { lifeline.isCut }

    /// The workers of one training, which end together.
    static func all(
        _ count: Int, threads: Int, endpoint: String, key: String? = nil, logLevel: String
    ) throws -> [LocalWorker] {
        let lifeline = try Lifeline()
        // Each lane stays on a processor of its own if together they take all. Where some are left, Linux
        // finds an idle one, and two trainings do not end up on the same.
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
