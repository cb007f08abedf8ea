import Glibc

/// How long a run stalled after a fault, and the steps that this cost.
struct Recovery: Sendable {
    let fault: Fault
    let time: Duration
    /// The number of repeated steps.
    let repeatedSteps: Int
}

/// A run with the faults of one seed's schedule.
struct DisturbedRun {
    /// The seed.
    let seed: UInt64
    private let schedule: Schedule
    private var cluster: Cluster
    private var progress: Progress { cluster.progress }

    /// The run of a seed; it writes its files to a folder.
    init(_ settings: ChaosSettings, seed: UInt64, folder: String) {
        self.seed = seed
        schedule = Schedule(seed: seed, faults: settings.faults, workers: settings.workers)
        cluster = Cluster(settings, folder: folder, isOverTCP: schedule.isOverTCP)
    }

    /// Carries out the run with its faults, and leaves no process behind, even when it throws.
    ///
    /// - Parameter report: called with each fault and its recovery time.
    /// - Returns: the SHA-256 of the weights.
    mutating func carryOut(
        workers: Int, report: (Recovery, _ text: String) -> Void
    ) async throws -> String {
        do {
            try await cluster.begin()
            for _ in 0..<workers { try await cluster.join() }
            for (index, entry) in schedule.entries.enumerated() {
                try await allHoldShards()
                let step = try await reach(entry.moment)
                let next = index + 1 < schedule.entries.count ? schedule.entries[index + 1] : nil
                let recovery = try await carryOut(entry, until: next?.moment ?? 0.9)
                let place = "seed \(seed) over \(schedule.isOverTCP ? "tcp" : "ipc")"
                report(recovery, "\(place), step \(step): \(entry.fault.rawValue)")
            }
            let sum = try await cluster.end()
            await cluster.clear()
            return sum
        } catch {
            await cluster.clear()
            throw error
        }
    }

    // MARK: - Events

    /// Waits until every live worker takes part.
    private func allHoldShards() async throws {
        let pids = cluster.workers.map(\.pid)
        _ = try await progress.wait(for: "all of \(pids) to hold shards") { state in
            state.holders.isSuperset(of: pids) ? true : nil
        }
    }

    /// Waits until this fraction of the run's steps is committed, and returns their number.
    private func reach(_ share: Double) async throws -> Int {
        try await progress.wait(for: "\(Int(100 * share))% of the steps") { state in
            guard let step = state.steps.last?.number, let total = state.total else { return nil }
            return Double(step) >= share * Double(total) ? step : nil
        }
    }

    /// How long the run took after a moment to commit two steps; the first may have been almost done.
    private func goingOn(after start: ContinuousClock.Instant) async throws -> Duration {
        let time = try await progress.wait(for: "two steps after a fault") { state in
            let later = state.steps.lazy.filter { $0.time > start }
            return later.dropFirst().first?.time
        }
        return time - start
    }

    // MARK: - Faults

    private mutating func carryOut(
        _ entry: Schedule.Entry, until next: Double
    ) async throws -> Recovery {
        let start = ContinuousClock.now
        var repeated = 0
        let time: Duration
        switch entry.fault {
        case .killWorker:
            cluster.kill(entry.worker)
            time = try await goingOn(after: start)
        case .stopWorker:
            let worker = cluster.workers[entry.worker]
            worker.signal(SIGSTOP)
            time = try await goingOn(after: start)
            try await dropped(worker, or: next)
            worker.signal(SIGCONT)
        case .join:
            let worker = try await cluster.join()
            let held = try await progress.wait(for: "shards for \(worker.pid)") { state in
                state.holders.contains(worker.pid) ? ContinuousClock.now : nil
            }
            time = held - start
        case .killCoordinator:
            repeated = try await cluster.replaceCoordinator()
            time = try await goingOn(after: start)
        }
        return Recovery(fault: entry.fault, time: time, repeatedSteps: repeated)
    }

    /// Waits until a worker is dropped or the next fault is due.
    private func dropped(_ worker: Child, or next: Double) async throws {
        _ = try await progress.wait(for: "the end of patience with \(worker.pid)") { state in
            let isNext = Double(state.steps.last?.number ?? 0) >= next * Double(state.total ?? 1)
            return isNext || !state.holders.contains(worker.pid) ? true : nil
        }
    }
}
