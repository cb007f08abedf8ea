import Bounds
import DataParallel
import Glibc
import Logging
import Monitoring
import ZeroMQ

/// Keeps a run's worker processes running: restarts crashed ones, and reconnects to lost hosts.
actor WorkerSupervisor {
    /// The budget for restarts.
    private let restarts: RestartBudget
    /// The session that logs and reports.
    private let session: TrainingSession
    private let logs: WorkerLogs
    /// Called when a worker ends early without a restart, with the reason and the number of
    /// remaining workers.
    private let onEnd: @Sendable (_ reason: String, _ remaining: Int) async -> Void
    private var workers: [String: (process: any WorkerProcess, task: Task<Void, Never>)] = [:]
    /// The waits before retries.
    private var naps: [String: Task<Void, any Error>] = [:]
    private var isOver = false

    /// The backoff before a retry, at first and at most.
    private static let patience = (first: Duration.seconds(1), most: Duration.seconds(30))

    /// A supervisor without workers.
    ///
    /// - Throws: ``FileError`` if the workers' logs cannot be written to the run's folder.
    init(
        restarts: RestartBudget, session: TrainingSession,
        onEnd: @escaping @Sendable (_ reason: String, _ remaining: Int) async -> Void
    ) throws {
        self.restarts = restarts
        self.session = session
        self.onEnd = onEnd
        logs = try session.makeLogs()
    }

    /// The running processes.
    private static let running = Locked<Set<pid_t>>([])

    /// Kills all workers, before this process ends without waiting for them.
    static func killAll() {
        running.withLock { running in
            for pid in running { kill(pid, SIGKILL) }
        }
    }

    /// Starts a worker, and keeps it running.
    ///
    /// - Throws: ``FileError`` if its log cannot be made.
    func start(_ process: some WorkerProcess) throws {
        guard !isOver, workers[process.name] == nil else { return }
        try logs.make(of: process.name)
        let task = Task {
            let reason = await keepGoing(process)
            workers[process.name] = nil
            if !isOver { await onEnd(reason, workers.count) }
        }
        workers[process.name] = (process, task)
    }

    /// Ends a worker without a restart.
    func stop(_ name: String) {
        workers[name]?.process.end()
        naps[name]?.cancel()
    }

    /// The names of the workers.
    var names: Set<String> { Set(workers.keys) }

    /// Ends all workers, and waits until they have ended.
    func finish() async {
        isOver = true
        let all = Array(workers.values)
        for name in names { stop(name) }
        // Kills workers that do not react to the stop.
        let reaper = Task {
            try await Task.sleep(for: .seconds(5))
            for worker in all { worker.task.cancel() }
        }
        for worker in all { await worker.task.value }
        reaper.cancel()
    }

    /// Runs one worker with restarts and retries; returns why the last one ended.
    private func keepGoing(_ process: some WorkerProcess) async -> String {
        var pause = Self.patience.first
        while true {
            do {
                let end = try await runOnce(process)
                pause = Self.patience.first
                if end.status.isSuccess { return "it was dismissed" }
                guard isToGoOn(process, after: end) else { return end.reason }
            } catch let error as LostWorker {
                guard !isOver, !process.isEnding else { return error.reason }
                session.logger.warning(
                    "\(process.name): \(error.reason); trying again in \(pause.components.seconds) s"
                )
                let length = pause
                let nap = Task { try await Task.sleep(for: length) }
                naps[process.name] = nap
                guard (try? await nap.value) != nil else { return error.reason }
                pause = min(pause * 2, Self.patience.most)
            } catch {
                session.logger.error("\(process.name) could not be started: \(error)")
                return "\(error)"
            }
        }
    }

    /// Reports an end; whether to restart the worker.
    private func isToGoOn(_ process: some WorkerProcess, after end: ChildEnd) -> Bool {
        var text = "\(process.title(end.pid)) ended: \(end.reason)"
        let left = end.isCrash && !isOver ? restarts.take() : nil
        if let left { text += "; starting another, restarts left: \(left)" }
        if isOver || end.isStopped {
            session.logger.warning("\(text)")
        } else {
            session.report(end.failure(of: process.name), text)
        }
        return left != nil
    }

    private func runOnce(_ process: some WorkerProcess) async throws -> ChildEnd {
        let words = Locked<(pid: pid_t, warning: String?, lines: [String])>((0, nil, []))
        let (logs, session, title) = (logs, session, process.title)
        defer { words.withLock { words in Self.running.withLock { _ = $0.remove(words.pid) } } }
        var end = try await process.run(
            started: { pid in
                words.withLock { $0.pid = pid }
                Self.running.withLock { _ = $0.insert(pid) }
            },
            said: { line in
                words.withLock { words in
                    words.lines = words.lines.suffix(ChildEnd.mostLines - 1) + [line]
                    let warning = logs.note(line, of: process.name, pid: words.pid)
                    if let prefix = process.prefix {
                        session.sink.show(prefix + plainText(line))
                    } else if let warning {
                        session.logger.warning("\(title(words.pid)): \(warning)")
                    }
                    words.warning = warning ?? words.warning
                }
            })
        (end.lastWords, end.lastLines) = words.withLock { ($0.warning, $0.lines) }
        return end
    }
}
