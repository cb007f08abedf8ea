import Protocol
import Training

// Shares by measured speed: who is slow computes less, and who is too slow for any slot stands by.
//
// The bits do not depend on it. Nobody says how fast it is: only the time from a request to its answer
// counts, so that a worker which is late on purpose gets less to be late with.

extension CoordinatorMachine {
    /// Notes how long a member took for what it was asked for.
    mutating func notePace(of index: Int, now: Duration) -> [CoordinatorEffect<Peer>] {
        guard members[index].requestsOfStep == 1 else { return [] }
        let time = now - members[index].askedAt
        guard members[index].isOnStandby else {
            members[index].notePace(time, withoutExamples: withoutExamples)
            return []
        }
        return noteProbe(of: index, time, now: now)
    }

    /// Fits the shares to what was measured.
    mutating func fitShares(now: Duration) -> [CoordinatorEffect<Peer>] {
        let active = members.indices.filter { members[$0].isReady && !members[$0].share.isEmpty }
        let paces = active.compactMap { members[$0].pace.timePerSlot }.sorted()
        guard paces.count > 1 else { return [] }
        // Who is new counts as usual, lest those who come and go keep the others unfitted.
        let samples = active.map { index in
            ShareSizes.Sample(
                slots: members[index].share.count,
                timePerSlot: members[index].pace.timePerSlot ?? paces[(paces.count - 1) / 2])
        }
        guard let sizes = shareSizes.change(samples) else { return [] }
        var effects: [CoordinatorEffect<Peer>] = []
        let usual = samples.map(\.time).sorted()[(samples.count - 1) / 2]
        for (index, (sample, size)) in zip(active, zip(samples, sizes)) {
            members[index].slotTime = sample.timePerSlot
            if size == 0 { effects.append(standBy(index, sample.time, usual: usual, now: now)) }
        }
        isSpeedKnown = true
        dealAnew()
        return effects
    }

    private mutating func standBy(
        _ index: Int, _ time: Duration, usual: Duration, now: Duration
    ) -> CoordinatorEffect<Peer> {
        let times = known.noteStandby(members[index].identity)
        members[index].standby = Standby(times: times, now: now)
        return .report(
            .standingBy(
                worker: members[index].name, seconds: time / .seconds(1),
                usual: usual / .seconds(1)))
    }

    /// Fits the shares to the members that have their data now.
    mutating func dealAnew() {
        (isDealStale, isDealUntold) = (false, true)
        let active = active(where: \.isReady)
        let stakes = active.map { Stake(share: members[$0].share, held: members[$0].held) }
        let shares = deal(plan.shards, to: stakes, sizes: sizes(of: active))
        for index in members.indices where members[index].isOnStandby {
            members[index].share = SlotSet(limit: plan.shards)
        }
        for (index, share) in zip(active, shares) {
            members[index].share = share
        }
    }

    /// The sizes of the shares, as far as speeds have been found to differ; nil for equal ones.
    private func sizes(of active: [Int]) -> [Int]? {
        let known = active.compactMap { members[$0].slotTime }.sorted()
        guard isSpeedKnown, !known.isEmpty else { return nil }
        let usual = known[(known.count - 1) / 2]
        return ShareSizes.sizes(plan.shards, active.map { members[$0].slotTime ?? usual })
    }

    // MARK: - Standby

    /// Asks who stands by, now and then, for a slot that another computes too.
    mutating func probeStandby(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard phase == .training, !isBelowMinimum else { return [] }
        var effects: [CoordinatorEffect<Peer>] = []
        for index in members.indices {
            guard let standby = members[index].standby, members[index].isIdle,
                members[index].askedStep != step, now >= standby.nextProbe
            else { continue }
            let slots = SlotSet(0..<plan.shards, limit: plan.shards).subtracting(withoutExamples)
            let held = slots.intersection(members[index].held)
            guard let slot = (held.isEmpty ? slots : held).slots.first else { continue }
            effects.append(ask(index, for: [slot..<slot + 1], now: now))
        }
        return effects
    }

    private mutating func noteProbe(
        of index: Int, _ time: Duration, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        // As fast with one slot as the others are with all of theirs, and a little.
        let limit = max((answerTimes.usual ?? time) * 2, .milliseconds(2))
        guard members[index].standby?.note(time, limit: limit, now: now) == true else { return [] }
        members[index].standby = nil
        members[index].slotTime = nil
        isDealStale = true
        return [.report(.backFromStandby(worker: members[index].name))]
    }

    /// Whether a sum is a mere probe: its sender stands by, and another is computing its slots.
    func isProbe(_ slots: Range<Int>, of index: Int) -> Bool {
        guard members[index].isOnStandby else { return false }
        return members.indices.contains { other in
            other != index && members[other].owed(to: step)?.intersects(slots) == true
        }
    }

    /// The members that do not stand by and fulfil a condition.
    func active(where isMeant: (Member) -> Bool) -> [Int] {
        var active: [Int] = []
        for index in members.indices where !members[index].isOnStandby && isMeant(members[index]) {
            active.append(index)
        }
        return active
    }

    /// Ends all standby if nobody else is left: slow workers are better than none.
    mutating func endStandbyIfAlone() {
        guard active(where: \.isReady).isEmpty else { return }
        for index in members.indices { members[index].standby = nil }
    }
}
