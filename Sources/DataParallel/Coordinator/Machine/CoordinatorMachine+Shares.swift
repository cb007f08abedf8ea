import Protocol

// Shares by measured speed: a slow member computes less, and one too slow for any slot goes on standby.
//
// The bits of the result do not depend on it. Speed is not self-reported: only the time from a request to its
// answer counts, so a worker that is late on purpose gets fewer slots to delay.

extension CoordinatorMachine {
    /// Records how long a member took for its request.
    mutating func notePace(of index: Int, now: Duration) -> [CoordinatorEffect<Peer>] {
        guard roster[index].requests.isOne else { return [] }
        let time = now - roster[index].requests.askedAt
        guard roster[index].isOnStandby else {
            roster[index].notePace(time, empty: ledger.empty)
            return []
        }
        return noteProbe(of: index, time, now: now)
    }

    /// Fits the shares to the measurements.
    mutating func fitShares(now: Duration) -> [CoordinatorEffect<Peer>] {
        let active = roster.indices.filter { roster[$0].isReady && !roster[$0].share.slots.isEmpty }
        let paces = active.compactMap { roster[$0].share.pace.timePerSlot }.sorted()
        guard paces.count > 1 else { return [] }
        // A new member counts as average, so that members that join and leave do not prevent the fit.
        let samples = active.map { index in
            ShareSizes.Sample(
                slots: roster[index].share.slots.count,
                timePerSlot: roster[index].share.pace.timePerSlot ?? paces[(paces.count - 1) / 2])
        }
        guard let sizes = shares.change(samples) else { return [] }
        var effects: [CoordinatorEffect<Peer>] = []
        let usual = samples.map(\.time).sorted()[(samples.count - 1) / 2]
        for (index, (sample, size)) in zip(active, zip(samples, sizes)) {
            roster[index].share.slotTime = sample.timePerSlot
            if size == 0 { effects.append(standBy(index, sample.time, usual: usual, now: now)) }
        }
        assignShares()
        return effects
    }

    private mutating func standBy(
        _ index: Int, _ time: Duration, usual: Duration, now: Duration
    ) -> CoordinatorEffect<Peer> {
        let times = roster.known.noteStandby(roster[index].identity)
        roster[index].share.standby = Standby(times: times, now: now)
        return .report(
            .standingBy(
                worker: roster[index].name, seconds: time / .seconds(1),
                usual: usual / .seconds(1)))
    }

    /// Assigns the slots to the members that have their data now.
    mutating func assignShares() {
        shares.assigned()
        let active = roster.active(where: \.isReady)
        let stakes = active.map {
            Stake(share: roster[$0].share.slots, held: roster[$0].data.resident)
        }
        let slots = assignSlots(plan.shards, to: stakes, targets: targets(of: active))
        for index in roster.indices where roster[index].isOnStandby {
            roster[index].share.slots = SlotSet()
        }
        for (index, share) in zip(active, slots) {
            roster[index].share.slots = share
        }
    }

    /// The sizes of the shares by speed; nil for equal ones, while no speeds are known to differ.
    private func targets(of active: [Int]) -> [Int]? {
        let known = active.compactMap { roster[$0].share.slotTime }.sorted()
        guard shares.isSpeedKnown, !known.isEmpty else { return nil }
        let usual = known[(known.count - 1) / 2]
        return ShareSizes.sizes(plan.shards, active.map { roster[$0].share.slotTime ?? usual })
    }

    // MARK: - Standby

    /// Probes members on standby now and then with a slot that another member computes too.
    mutating func probeStandby(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard phase == .stepping, !isBelowMinimum else { return [] }
        var effects: [CoordinatorEffect<Peer>] = []
        for index in roster.indices {
            guard let standby = roster[index].share.standby, roster[index].isIdle,
                roster[index].requests.step != step, now >= standby.nextProbe
            else { continue }
            let slots = SlotSet(0..<plan.shards).subtracting(ledger.empty)
            let held = slots.intersection(roster[index].data.resident)
            guard let slot = (held.isEmpty ? slots : held).slots.first else { continue }
            effects.append(ask(index, for: [slot..<slot + 1], now: now))
        }
        return effects
    }

    private mutating func noteProbe(
        of index: Int, _ time: Duration, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        // One slot may take twice the others' usual time for their whole share.
        let limit = max((answerTimes.usual ?? time) * 2, .milliseconds(2))
        guard roster[index].share.standby?.note(time, limit: limit, now: now) == true else {
            return []
        }
        roster[index].share.standby = nil
        roster[index].share.slotTime = nil
        shares.invalidate()
        return [.report(.backFromStandby(worker: roster[index].name))]
    }

    /// Whether a sum is only a probe: its sender is on standby, and another member computes its slots.
    func isProbe(_ slots: Range<Int>, of index: Int) -> Bool {
        guard roster[index].isOnStandby else { return false }
        return roster.indices.contains { other in
            other != index && roster[other].requests.owed(to: step)?.intersects(slots) == true
        }
    }

    /// Ends all standby if no other member is left: slow workers are better than none.
    mutating func endStandbyIfAlone() {
        guard roster.active(where: \.isReady).isEmpty else { return }
        for index in roster.indices { roster[index].share.standby = nil }
    }
}
