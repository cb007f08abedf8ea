import Protocol
import Reduction

// Work: fetching data, computing one range at a time, answering.

extension WorkerMachine {
    /// Starts the next actions: fetch missing data, report ready data, compute.
    mutating func next(_ now: Duration) -> [WorkerEffect] {
        guard let plan else { return [] }
        var effects: [WorkerEffect] = []
        switch shards.next(urgent: queue.first, of: plan) {
        case .fetch(let fetch): effects.append(.send(.fetch(fetch), run))
        case .noRoom(let need, let free): return refuse("a shard", need, of: free)
        case nil: break
        }
        effects += shards.takeReady(of: plan).map { .send(.ready($0), run) }
        if let step = queue.step, let slots = queue.next, shards.hold(slots, of: plan) {
            queue.begin()
            activity = (.computing, now)
            effects.append(.compute(slots, step: step))
        }
        let waits = shards.isFetching ? WorkerStatus.Phase.fetching : .idle
        if queue.computing == nil, activity.phase != waits { activity = (waits, now) }
        return effects
    }

    func status(_ now: Duration) -> WorkerStatus {
        WorkerStatus(
            phase: activity.phase, step: queue.computing,
            seconds: (now - activity.since) / .seconds(1), clock: now / .seconds(1))
    }

    /// Handles the result of the last `compute` effect.
    ///
    /// The sums are sent only if they belong to the current step.
    public mutating func computed(step: Int, now: Duration) -> [WorkerEffect] {
        let isCurrent = queue.end(step)
        guard !isFinished else { return [] }
        if isExpelled { return beginAfresh() }
        let answer: [WorkerEffect] = isCurrent ? [.sendSums(step: step, run)] : [.discardSums]
        if let leaving { return answer + leave(leaving.signal) }
        return answer + next(now)
    }

    mutating func finish(_ outcome: WorkerOutcome) -> [WorkerEffect] {
        isFinished = true
        return [.finish(outcome)]
    }
}
