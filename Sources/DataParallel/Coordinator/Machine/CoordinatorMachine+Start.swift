import Protocol

// The start: which member gets which examples, and when the first step of a session begins.

extension CoordinatorMachine {
    /// Begins the run, or resumes it from a checkpoint.
    public mutating func start(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard phase == .gathering else { return [] }
        waiting.start(now)
        return testAtEpochEnd() ?? []
    }

    /// Asks members to fetch the data of the slots that they will get in the next assignment.
    ///
    /// Before training begins, all wait until every member has its data. Later, ready members continue
    /// meanwhile, and fetch newly assigned data when they are asked to compute it.
    mutating func assignData(now: Duration) -> [CoordinatorEffect<Peer>] {
        if phase == .gathering, roster.count >= settings.workersToBegin {
            phase = .distributing
            startClock.distribute(now)
        }
        let isBeginning = phase == .distributing
        guard isBeginning || hasBegun && roster.readyCount < roster.count else { return [] }
        let stakes = roster.all.map { Stake(share: $0.share.slots, held: $0.data.expected) }
        let shares = assignSlots(plan.shards, to: stakes)
        let effects = roster.indices.flatMap { index in
            isBeginning || !roster[index].isReady ? assign(index, shares[index], now: now) : []
        }
        return effects + beginIfReady(now: now)
    }

    private mutating func assign(
        _ index: Int, _ slots: SlotSet, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        guard let missing = roster[index].data.request(slots) else { return [] }
        roster[index].demands.assign()
        roster[index].progressAt = now
        return [.send(.assign(SlotRanges(missing.runs)), to: roster[index].peer)]
    }

    /// Handles a member's report that it holds the data of `ranges`.
    mutating func ready(
        _ index: Int, _ ranges: SlotRanges, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        // A range that cannot have been assigned is ignored.
        guard let slots = ranges.slots(of: plan.shards) else { return [] }
        let (progress, hasMore) = roster[index].data.note(slots)
        // A repeated report is no progress.
        if hasMore { roster[index].progressAt = now }
        guard progress == .all else { return [] }
        // Requests that were postponed while it fetched.
        let effects = roster[index].data.takeStale() ? assignData(now: now) : []
        if roster[index].data.isFetching { return effects }
        roster[index].data.becomeReady()
        shares.invalidate()
        return effects + beginIfReady(now: now) + goOn(now: now)
    }

    /// Sends a member the examples that it requests.
    mutating func give(
        _ fetch: Fetch, to index: Int, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        let peer = roster[index].peer
        switch roster[index].data.part(fetch, of: plan, most: settings.examplesPerPart) {
        case .failure(let refusal): return [drop(peer, refusal.reason)]
        case .success(let part):
            roster[index].progressAt = now
            return [.sendShardPart(part, to: peer)]
        }
    }

    /// Begins the first step of the session, if all members have their data.
    mutating func beginIfReady(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard phase == .distributing, !roster.isEmpty, roster.readyCount == roster.count else {
            return []
        }
        return begin(now: now)
    }

    /// Begins without the members that are not ready in time, if enough are.
    mutating func beginWithoutUnready(now: Duration) -> [CoordinatorEffect<Peer>] {
        let ready = roster.readyCount
        guard !hasBegun, ready > 0, ready >= settings.minimumWorkers else {
            startClock.lack()
            return []
        }
        let (waited, isOver) = startClock.wait(now, patience: settings.answerTimeout)
        guard phase == .distributing, isOver else { return [] }
        let unready = roster.all.filter { !$0.isReady }.map(\.name)
        return [.report(.beginningWithout(workers: unready, seconds: waited / .seconds(1)))]
            + begin(now: now)
    }

    private mutating func begin(now: Duration) -> [CoordinatorEffect<Peer>] {
        hasBegun = true
        waiting.end()
        return [.report(.training(workers: roster.readyCount, fromStep: step))]
            + beginStep(now: now)
    }
}
