import Glibc

/// A coordinator and its workers, which the run starts, kills and restarts.
struct Cluster {
    private let settings: ChaosSettings
    /// The folder for the run, the logs and, without tcp, the socket.
    private let folder: String
    private let isOverTCP: Bool
    /// What the coordinators have printed.
    let progress = Progress()
    private(set) var coordinator: Child?
    /// The workers that were not killed.
    private(set) var workers: [Child] = []
    /// All processes ever started.
    private var all: [Child] = []

    /// A cluster without processes; it writes its files to a folder.
    init(_ settings: ChaosSettings, folder: String, isOverTCP: Bool) {
        self.settings = settings
        self.folder = folder
        self.isOverTCP = isOverTCP
    }

    /// The folder of the run.
    var run: String { "\(folder)/run" }

    /// Starts a coordinator with a new run.
    mutating func begin() async throws {
        let endpoint = isOverTCP ? "tcp://127.0.0.1:*" : "ipc://\(folder)/socket"
        try await startCoordinator(
            settings.training + ["--run-dir", run, "--checkpoint-every", "50", "--log-every", "1"],
            at: endpoint)
    }

    /// Kills the coordinator, and starts one that resumes the run at the same endpoint.
    ///
    /// - Returns: the number of steps to repeat.
    mutating func replaceCoordinator() async throws -> Int {
        coordinator?.signal(SIGKILL)
        _ = try await coordinator?.end()
        let made = progress.now.steps.last?.number ?? 0
        guard let endpoint = progress.now.endpoint else { throw ChaosFailure("nobody listened") }
        progress.beginAnew()
        try await startCoordinator(["--resume", run], at: endpoint)
        let kept = try await progress.wait(for: "a step of the next coordinator") { state in
            state.steps.isEmpty ? nil : state.resumedAt
        }
        return max(0, made - kept)
    }

    private mutating func startCoordinator(_ options: [String], at endpoint: String) async throws {
        let child = try await Child.start(
            ["coordinator", "--listen", endpoint] + settings.patience + settings.printing
                + options,
            output: "\(folder)/coordinator.out",
            onLine: { [progress] in progress.note($0) }, onEnd: { [progress] in progress.noteEnd() }
        )
        coordinator = child
        all.append(child)
        _ = try await progress.wait(for: "a coordinator that listens") { $0.endpoint }
    }

    /// Starts a worker.
    @discardableResult
    mutating func join() async throws -> Child {
        guard let endpoint = progress.now.endpoint else { throw ChaosFailure("nobody listens") }
        let child = try await Child.start(
            ["worker", "--connect", endpoint] + settings.printing,
            output: "\(folder)/worker-\(all.count).out")
        workers.append(child)
        all.append(child)
        return child
    }

    /// Kills a worker.
    mutating func kill(_ worker: Int) { workers.remove(at: worker).signal(SIGKILL) }

    /// Waits until the run is complete and all processes have ended.
    ///
    /// - Returns: the SHA-256 of the weights.
    func end() async throws -> String {
        _ = try await progress.wait(for: "the end of the run") { $0.hasEnded ? true : nil }
        guard let status = try await coordinator?.end(), status.isSuccess else {
            throw ChaosFailure("the last coordinator did not complete the run")
        }
        // A worker that woke too late to rejoin gets no message to stop.
        let members = progress.now.holders
        for worker in workers where !members.contains(worker.pid) { worker.signal(SIGTERM) }
        for child in all {
            _ = try await eventually("the end of process \(child.pid)") {
                child.isRunning ? nil : true
            }
        }
        for worker in workers {
            let status = try await worker.end()
            guard status.isSuccess || status == .exited(128 + SIGTERM) else {
                throw ChaosFailure("worker \(worker.pid), which nobody killed, ended by \(status)")
            }
        }
        return try weightsSHA256(ofRun: run)
    }

    /// Kills all remaining processes, and waits for their ends.
    func clear() async {
        for child in all where child.isRunning { Glibc.kill(-child.pid, SIGKILL) }
        for child in all { _ = try? await child.end() }
    }
}
