import Protocol

// The start: who gets which examples, and when the first step of a session begins.

extension CoordinatorMachine {
    /// The run begins, or goes on from a checkpoint.
    public mutating func start(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard phase == .gathering else { return [] }
        waiting.start(now)
        return testAtEpochEnd() ?? []
    }

    /// Asks members to fetch the data of what the next assignment will give them.
    ///
    /// Before training begins, all wait until all have theirs. Later, those who take part already go
    /// on meanwhile, and what an assignment gives them they fetch when they are asked to compute it.
    mutating func assignData(now: Duration) -> [CoordinatorEffect<Peer>] {
        if phase == .gathering, roster.count >= settings.workersToBegin {
            phase = .distributing
            startClock.distribute(now)
        }
        let isBeginning = phase == .distributing
        guard isBeginning || hasBegun else { return [] }
        let stakes = roster.all.map { Stake(share: $0.share.slots, held: $0.data.resident) }
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

    /// A member has examples that it was told to fetch.
    mutating func ready(
        _ index: Int, _ ranges: SlotRanges, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        // What was never assigned means nothing.
        guard let slots = ranges.slots(of: plan.shards) else { return [] }
        let (progress, hasMore) = roster[index].data.note(slots)
        // To say it again brings nothing forward.
        if hasMore { roster[index].progressAt = now }
        guard progress == .all else { return [] }
        // What it was not told while it fetched the rest.
        let effects = roster[index].data.takeStale() ? assignData(now: now) : []
        if roster[index].data.isFetching { return effects }
        roster[index].data.becomeReady()
        shares.invalidate()
        return effects + beginIfReady(now: now) + goOn(now: now)
    }

    /// Sends a member the examples that it asks for.
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

    /// Begins with the first step of the session, if all have their data.
    mutating func beginIfReady(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard phase == .distributing, !roster.isEmpty, roster.all.allSatisfy(\.isReady) else {
            return []
        }
        return begin(now: now)
    }

    /// Begins without those that do not get ready, if enough are.
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
