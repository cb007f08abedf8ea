import DataParallel
import Glibc
import Kernels
import Logging
import Monitoring
import Subprocess
import SystemPackage
import ZeroMQ

/// The worker processes that `tern train` starts on its own machine.
struct LocalWorkers {
    /// How many there are.
    let count: Int
    /// The lanes of each.
    let threads: Int
    /// Where they dial in.
    let endpoint: String
    /// What restarts those that crash are taken from.
    let restarts: RestartBudget
    /// What tells about them.
    let session: TrainingSession
    private let logs: WorkerLogs
    /// What each proves its identity with, also when it is started again.
    private let secrets: [WorkerSecret]

    /// The workers of one training.
    ///
    /// - Throws: ``FileError`` if what they say cannot be written to the run's folder.
    init(
        count: Int, threads: Int, endpoint: String, restarts: RestartBudget,
        session: TrainingSession
    ) throws {
        self.count = count
        self.threads = threads
        self.endpoint = endpoint
        self.restarts = restarts
        self.session = session
        logs = try session.makeLogs(ofWorkers: count)
        secrets = (0..<count).map { _ in .random() }
    }

    /// The processes that run.
    private static let running = Locked<Set<pid_t>>([])

    /// Kills all workers, before this process ends without waiting for them.
    static func killAll() {
        running.withLock { running in
            for pid in running { kill(pid, SIGKILL) }
        }
    }

    /// Starts the workers, carries out `work`, and waits until all of them have ended.
    ///
    /// - Parameter onEnd: told of each end that comes before the work's and that no restart makes up
    ///   for, and how many remain.
    func run<Result: Sendable>(
        onEnd: @escaping @Sendable (_ reason: String, _ remaining: Int) async -> Void,
        during work: @escaping @Sendable () async -> Result
    ) async throws -> Result {
        let lifeline = try Lifeline()
        let workers = Task {
            await withTaskGroup(of: String.self) { group in
                for worker in 0..<count {
                    group.addTask { await keepRunning(worker, lifeline) }
                }
                var remaining = count
                for await reason in group {
                    remaining -= 1
                    await onEnd(reason, remaining)
                }
            }
        }
        let result = await work()
        // Whoever has not understood that all is over understands the closed lifeline, or, if it is
        // stopped and understands nothing, a kill.
        lifeline.cut()
        let reaper = Task {
            try await Task.sleep(for: .seconds(5))
            workers.cancel()
        }
        await workers.value
        reaper.cancel()
        return result
    }

    /// Runs one worker, and another in its place if it crashes, to the end of the last.
    private func keepRunning(_ worker: Int, _ lifeline: Lifeline) async -> String {
        while true {
            do {
                let end = try await runOnce(worker, lifeline)
                if end.status.isSuccess { return "it was dismissed" }
                var text = "local worker process \(end.pid) ended: \(end.reason)"
                let left = end.isCrash && !lifeline.isCut ? restarts.take() : nil
                if let left { text += "; starting another, restarts left: \(left)" }
                if lifeline.isCut || end.isStopped {
                    session.logger.warning("\(text)")
                } else {
                    session.report(end.failure(of: "worker \(worker + 1)"), text)
                }
                if left == nil { return end.reason }
            } catch {
                session.logger.error("a local worker process could not be started: \(error)")
                return "\(error)"
            }
        }
    }

    private func runOnce(_ worker: Int, _ lifeline: Lifeline) async throws -> ChildEnd {
        let end = try await Subprocess.run(
            .path(FilePath(OwnExecutable.path)),
            arguments: Arguments(
                [
                    "worker", "--connect", endpoint, "--lifeline", "--threads", "\(threads)",
                    "--log-level", session.configuration.logLevel, "--log-format", "text",
                ] + place(of: worker)),
            environment: .inherit.updating([
                .init(stringLiteral: OwnIdentity.variable): secrets[worker].text
            ]),
            input: .fileDescriptor(lifeline.readEnd, closeAfterSpawningProcess: false),
            output: .sequence, error: .combinedWithOutput
        ) { execution in
            let pid = execution.processIdentifier.value
            Self.running.withLock { _ = $0.insert(pid) }
            defer { Self.running.withLock { _ = $0.remove(pid) } }
            var last: (warning: String?, lines: [String]) = (nil, [])
            try await execution.standardOutput.forEachLine { line in
                last.lines = last.lines.suffix(ChildEnd.mostLines - 1) + [line]
                guard let warning = logs.note(line, of: worker + 1, pid: pid) else { return }
                session.logger.warning("local worker process \(pid): \(warning)")
                last.warning = warning
            }
            return last
        }
        return ChildEnd(
            pid: end.processIdentifier.value, status: end.terminationStatus,
            lastWords: end.closureResult.warning, lastLines: end.closureResult.lines)
    }

    /// The options that keep each lane on a processor of its own if together they take all.
    ///
    /// Where some are left, Linux finds an idle one, and two trainings do not end up on the same.
    private func place(of worker: Int) -> [String] {
        let isPlaced = count * threads == Processors.allowed.count
        return isPlaced ? ["--place", "\(worker * threads)"] : []
    }
}
