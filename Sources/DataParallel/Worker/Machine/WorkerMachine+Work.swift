import Protocol
import Training

// The work: getting data, computing one range at a time, answering.

extension WorkerMachine {
    /// What comes next: fetching what the work or an assignment lacks, computing, or being ready.
    mutating func next(_ now: Duration) -> [WorkerEffect] {
        var effects: [WorkerEffect] = []
        let wanted =
            firstMissing(queue.prefix(1)) ?? firstMissing(assignments.flatMap(\.self)[...])
        if let wanted, fetching == nil {
            if fetched[wanted] == nil, let plan {
                let need = plan.examples(inShard: wanted) * exampleByteCount
                guard room >= need else { return refuse("a shard", need, of: room) }
                room -= need
                fetched[wanted] = 0
            }
            fetching = wanted
            let fetch = Fetch(shard: wanted, first: fetched[wanted, default: 0])
            effects.append(.send(.fetch(fetch), run))
        }
        while let slots = assignments.first, firstMissing(slots[...]) == nil {
            assignments.removeFirst()
            effects.append(.send(.ready(SlotRanges(slots)), run))
        }
        if let step, computing == nil, let slots = queue.first, firstMissing([slots]) == nil {
            queue.removeFirst()
            (computing, isOutdated) = (step, false)
            activity = (.computing, now)
            effects.append(.compute(slots, step: step))
        }
        let waits = fetching == nil ? WorkerStatus.Phase.idle : .fetching
        if computing == nil, activity.phase != waits { activity = (waits, now) }
        return effects
    }

    /// The first shard at slots of `ranges` whose data is not whole.
    private func firstMissing(_ ranges: ArraySlice<Range<Int>>) -> Int? {
        guard let plan else { return nil }
        return ranges.lazy.joined().map { shard(atSlot: $0, of: plan.shards) }
            .first { fetched[$0, default: 0] < plan.examples(inShard: $0) }
    }

    func status(_ now: Duration) -> WorkerStatus {
        WorkerStatus(
            phase: activity.phase, step: computing,
            seconds: (now - activity.since) / .seconds(1), clock: now / .seconds(1))
    }

    /// The lanes have computed what the last `compute` effect asked for.
    ///
    /// The sums are sent only if they are still those of the step under way.
    public mutating func computed(step: Int, now: Duration) -> [WorkerEffect] {
        computing = nil
        guard !isFinished else { return [] }
        if isExpelled { return beginAfresh() }
        let isCurrent = self.step == step && !isOutdated
        let answer: [WorkerEffect] = isCurrent ? [.sendSums(step: step, run)] : [.discardSums]
        if let leaving { return answer + leave(leaving.signal) }
        return answer + next(now)
    }

    mutating func finish(_ outcome: WorkerOutcome) -> [WorkerEffect] {
        isFinished = true
        return [.finish(outcome)]
    }
}
