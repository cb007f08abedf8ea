import Protocol
import Reduction

// Requests: which member computes which slots of a step.

extension CoordinatorMachine {
    /// Begins or restarts the step numbered ``step``.
    ///
    /// It asks all members that have their data for their shares, and assigns the shares of members that still
    /// compute an earlier step to free members.
    mutating func beginStep(now: Duration) -> [CoordinatorEffect<Peer>] {
        phase = .stepping
        audits.begin()
        ledger.begin(of: plan)
        if shares.takeStale() { assignShares() }
        let changes = shares.isMeasurementDue() ? fitShares(now: now) : []
        let times = answerTimes
        for index in roster.indices where roster[index].isReady && !roster[index].isOnStandby {
            roster[index].requests.supersede(by: step, lateAfter: times.lateAfter, now: now)
        }
        var rest = orphans
        let free = roster.active { [step] in $0.canBeAsked(in: step) }
        var parts: [SlotSet] = []
        for index in free {
            let part = roster[index].share.slots.intersection(rest)
            rest.subtract(part)
            parts.append(part)
        }
        ledger.hasOrphans = free.isEmpty
        distribute(rest, among: free, to: &parts)
        var effects: [CoordinatorEffect<Peer>] = [.beginStep(step)]
        for (index, part) in zip(free, parts) where !part.isEmpty {
            effects.append(ask(index, for: ranges(of: part), now: now))
        }
        return shares.takeUnreported() ? effects + changes + reportShares() : effects
    }

    /// Reports the shares that have changed; after the work is sent, because logging takes time.
    private mutating func reportShares() -> [CoordinatorEffect<Peer>] {
        var effects: [CoordinatorEffect<Peer>] = []
        for index in roster.indices
        where roster[index].isReady && roster[index].share.reported != roster[index].share.slots {
            roster[index].share.reported = roster[index].share.slots
            let shards = shards(roster[index].share.slots)
            effects.append(.report(.assigned(worker: roster[index].name, shards: shards)))
        }
        return effects + reportIdleLanes()
    }

    /// Reports that shards are too few for the lanes of all members.
    private mutating func reportIdleLanes() -> [CoordinatorEffect<Peer>] {
        var lanes = 0
        for index in roster.indices where roster[index].isReady { lanes += roster[index].lanes }
        guard let number = advice.recommend(lanes: lanes, shards: plan.shards) else { return [] }
        return [.report(.lanesIdle(lanes: lanes, shards: plan.shards, recommended: number))]
    }

    /// Asks a member for the sums of ranges, each range separately, in one message.
    mutating func ask(
        _ index: Int, for ranges: [Range<Int>], now: Duration
    ) -> CoordinatorEffect<Peer> {
        var slots = SlotSet()
        var sums = 0
        for range in ranges {
            slots.insert(range)
            sums += Limits.mostSums(of: range, shards: plan.shards)
        }
        let isFirst = roster[index].ask(
            slots, sums: sums, step: step, empty: ledger.empty, now: now)
        let work = SlotRanges(ranges)
        return isFirst
            ? .sendWeights(work, to: roster.peer(at: index))
            : .send(
                .compute(
                    WorkHeader(step: step, attempt: attempt, ranges: work, checksum: 0)),
                to: roster.peer(at: index))
    }

    /// The fewest ranges that cover the given slots and no other slots with examples.
    private func ranges(of slots: SlotSet) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        for run in slots.runs {
            if let last = ranges.last,
                ledger.empty.contains(last.upperBound..<run.lowerBound)
            {
                ranges[ranges.count - 1] = last.lowerBound..<run.upperBound
            } else {
                ranges.append(run)
            }
        }
        return ranges
    }

    /// Assigns uncovered slots that no member owes; returns who was asked for which.
    mutating func askForOrphans(now: Duration) -> (effects: [CoordinatorEffect<Peer>], [Helper]) {
        guard phase == .stepping, !isBelowMinimum else { return ([], []) }
        let orphans = orphans
        guard !orphans.isEmpty else {
            ledger.hasOrphans = false
            return ([], [])
        }
        let free = roster.active { [step] in $0.canBeAsked(in: step) }
        ledger.hasOrphans = free.isEmpty
        return askAround(for: orphans, among: free, now: now)
    }

    /// The uncovered slots of the current step that no member owes.
    var orphans: SlotSet {
        var orphans = ledger.missing
        for index in roster.indices where !roster[index].isOnStandby {
            if let owed = roster[index].requests.owed(to: step) { orphans.subtract(owed) }
        }
        return orphans
    }

    /// A member that was asked for slots that others owe or owed.
    struct Helper {
        let name: String
        let slots: SlotSet
    }

    /// Asks some of `candidates` for slots; returns who was asked for which.
    mutating func askAround(
        for slots: SlotSet, among candidates: [Int], now: Duration
    ) -> (effects: [CoordinatorEffect<Peer>], [Helper]) {
        var parts = candidates.map { _ in SlotSet() }
        distribute(slots, among: candidates, to: &parts)
        var effects: [CoordinatorEffect<Peer>] = []
        var helpers: [Helper] = []
        for (index, part) in zip(candidates, parts) where !part.isEmpty {
            effects.append(ask(index, for: ranges(of: part), now: now))
            helpers.append(Helper(name: roster[index].name, slots: part))
        }
        return (effects, helpers)
    }

    /// Distributes slots over candidates in ranges that are as long as possible.
    ///
    /// Slots go first to members that hold their data, then to all, so that the load is even.
    private func distribute(_ slots: SlotSet, among candidates: [Int], to parts: inout [SlotSet]) {
        guard !candidates.isEmpty, !slots.isEmpty else { return }
        let wanted = candidates.map { slots.intersection(roster[$0].data.resident) }
        let holders = candidates.indices.filter { !wanted[$0].isEmpty }
        let held = wanted.reduce(into: SlotSet()) { $0.formUnion($1) }
        let left = dealEvenly(held, among: candidates, at: holders, wanted, to: &parts)
        let rest = slots.subtracting(held.subtracting(left))
        let all = candidates.map { _ in slots }
        _ = dealEvenly(rest, among: candidates, at: Array(candidates.indices), all, to: &parts)
    }

    /// Assigns each of `places` the slots that it wants, up to an even load; returns the rest.
    private func dealEvenly(
        _ slots: SlotSet, among candidates: [Int], at places: [Int], _ wanted: [SlotSet],
        to parts: inout [SlotSet]
    ) -> SlotSet {
        guard !places.isEmpty else { return slots }
        let owed = candidates.map { roster[$0].requests.owed(to: step)?.count ?? 0 }
        let load = places.reduce(slots.count) { $0 + owed[$1] + parts[$1].count }
        let even = (load + places.count - 1) / places.count
        var rest = slots
        for place in places where !rest.isEmpty {
            let room = even - owed[place] - parts[place].count
            let taken = rest.intersection(wanted[place]).prefix(max(0, room))
            parts[place].formUnion(taken)
            rest.subtract(taken)
        }
        return rest
    }

    /// The shards at slots, in the slots' order.
    func shards(_ slots: SlotSet) -> [Int] {
        slots.slots.map { shard(atSlot: $0, of: plan.shards) }
    }
}
