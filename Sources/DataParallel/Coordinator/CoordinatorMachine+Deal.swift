import Protocol
import Training

// The work: who computes what in a step.

extension CoordinatorMachine {
    /// Begins the step numbered ``step``: asks all members that have their data for their shares.
    mutating func beginStep(now: Duration) -> [CoordinatorEffect<Peer>] {
        phase = .training
        isUpdating = false
        findSlotsWithoutExamples()
        let isNewDeal = isDealStale
        if isNewDeal { dealAnew() }
        var effects: [CoordinatorEffect<Peer>] = [.beginStep(step)]
        var isAnyoneBehind = false
        for index in members.indices where members[index].isReady {
            dropDebts(of: index, now: now)
            if members[index].owed.isEmpty {
                chooseAudits(of: index)
                ask(index, for: members[index].ranges, now: now, &effects)
            } else {
                isAnyoneBehind = true
            }
        }
        if !audits.isEmpty { askAuditors(now: now, &effects) }
        // Who still computes for an earlier step would begin with this one when it is over.
        if isAnyoneBehind { effects += askForOrphans(now: now).effects }
        return isNewDeal ? effects + tellShares() : effects
    }

    /// Lets a member off what it owes to a step that has ended, such as one that was asked for what
    /// another was late with, and was overtaken: it begins with the new step as soon as it can.
    ///
    /// But not one that is late itself, nor a second time before it has answered.
    private mutating func dropDebts(of index: Int, now: Duration) {
        guard !members[index].owed.isEmpty, members[index].stale == nil,
            let asked = members[index].askedStep,
            let lateAfter, now - members[index].askedAt <= lateAfter
        else { return }
        members[index].stale = (asked, members[index].asked)
        members[index].owed = SlotSet(limit: plan.shards)
    }

    private mutating func findSlotsWithoutExamples() {
        withoutExamples = SlotSet(limit: plan.shards)
        // Positions are dealt to the shards in turns.
        if plan.positions(ofStep: step).count < plan.shards {
            for slot in 0..<plan.shards {
                let leaf = TreeNode(leafAtSlot: slot, shards: plan.shards)
                guard plan.examples(under: leaf, step: step) == 0 else { continue }
                withoutExamples.insert(slot..<slot + 1)
            }
        }
        covered = withoutExamples
    }

    /// Fits the shares to the members that have their data now.
    private mutating func dealAnew() {
        isDealStale = false
        let ready = members.indices.filter { members[$0].isReady }
        let shares = deal(
            plan.shards,
            to: ready.map { Stake(share: members[$0].share, held: members[$0].held) })
        for (index, share) in zip(ready, shares) {
            members[index].share = share
            members[index].ranges = share.runs
        }
    }

    /// Tells the shares that have changed; after the work is sent, so that nobody waits for the log.
    private mutating func tellShares() -> [CoordinatorEffect<Peer>] {
        var effects: [CoordinatorEffect<Peer>] = []
        for index in members.indices
        where members[index].isReady && members[index].toldShare != members[index].share {
            members[index].toldShare = members[index].share
            let shards = shards(members[index].share)
            effects.append(.report(.assigned(worker: members[index].name, shards: shards)))
        }
        return effects
    }

    /// Asks a member for the sums of ranges, but for those that are covered already.
    mutating func ask(
        _ index: Int, for ranges: [Range<Int>], now: Duration,
        _ effects: inout [CoordinatorEffect<Peer>]
    ) {
        let peer = members[index].peer
        let pieces = audits.isEmpty ? ranges : ranges.flatMap { cut($0, for: peer) }
        for range in pieces where !covered.contains(range) {
            noteUnchecked(peer, range)
            let work = SlotRange(range)
            if members[index].askedStep == step {
                let header = WorkHeader(step: step, range: work, checksum: 0)
                effects.append(.send(.compute(header), to: members[index].peer))
            } else {
                members[index].askedStep = step
                members[index].asked = withoutExamples
                effects.append(.sendWeights(work, to: members[index].peer))
            }
            members[index].asked.insert(range)
            members[index].owed.insert(range)
            members[index].askedAt = now
            members[index].progressAt = now
            members[index].isToldLate = false
        }
        members[index].owed.subtract(covered)
    }

    /// Asks for slots that are not covered and that nobody owes; with the names of those asked.
    mutating func askForOrphans(
        now: Duration
    ) -> (effects: [CoordinatorEffect<Peer>], helpers: [String]) {
        guard phase == .training, !isBelowMinimum else { return ([], []) }
        let orphans = orphans
        guard !orphans.isEmpty else { return ([], []) }
        // Not those who still compute for an earlier step.
        let free = members.indices.filter {
            members[$0].isIdle || members[$0].isReady && members[$0].askedStep == step
        }
        return askAround(for: orphans, among: free, now: now)
    }

    /// The slots of the step under way that are not covered and that nobody owes.
    var orphans: SlotSet {
        var orphans = SlotSet(0..<plan.shards, limit: plan.shards)
        orphans.subtract(covered)
        for member in members {
            if let owed = member.owed(to: step) { orphans.subtract(owed) }
        }
        return orphans
    }

    /// Asks some of `candidates` for slots: those who hold a slot's data before others, and of these
    /// the least busy; with the names of those asked.
    mutating func askAround(
        for slots: SlotSet, among candidates: [Int], now: Duration
    ) -> (effects: [CoordinatorEffect<Peer>], helpers: [String]) {
        guard !candidates.isEmpty else { return ([], []) }
        var loads = candidates.map { members[$0].owed(to: step)?.count ?? 0 }
        var parts = candidates.map { _ in SlotSet(limit: plan.shards) }
        var rest = slots
        for slot in slots.slots {
            let holders = candidates.indices.filter { members[candidates[$0]].held.contains(slot) }
            guard let best = holders.min(by: { loads[$0] < loads[$1] }) else { continue }
            loads[best] += 1
            parts[best].insert(slot..<slot + 1)
            rest.remove(slot..<slot + 1)
        }
        // What nobody holds goes in pieces as whole as can be, that make the loads even.
        var counts = candidates.map { _ in 0 }
        for _ in 0..<rest.count {
            guard let least = loads.indices.min(by: { loads[$0] < loads[$1] }) else { break }
            loads[least] += 1
            counts[least] += 1
        }
        var effects: [CoordinatorEffect<Peer>] = []
        var helpers: [String] = []
        for (place, index) in candidates.enumerated() {
            let piece = rest.prefix(counts[place])
            rest.subtract(piece)
            parts[place].formUnion(piece)
            guard !parts[place].isEmpty else { continue }
            ask(index, for: parts[place].runs, now: now, &effects)
            helpers.append(members[index].name)
        }
        return (effects, helpers)
    }

    /// The shards at slots, in the slots' order.
    func shards(_ slots: SlotSet) -> [Int] {
        slots.slots.map { shard(atSlot: $0, of: plan.shards) }
    }
}
