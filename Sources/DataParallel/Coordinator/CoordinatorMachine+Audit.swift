import Protocol
import Randomness
import Training

// Audits: sums that two members compute apart, and what follows when they differ.
//
// Half of the share goes to single shards, which are then asked for apart from the node that they lie
// in; half to whole answers, lest sums of many shards go unchecked. Which, nobody can know before.

extension CoordinatorMachine {
    /// Chooses what of a member's share is audited in this step.
    mutating func chooseAudits(of index: Int) {
        guard settings.audit > 0 || !strikes.isEmpty else { return }
        let member = members[index]
        let isSuspect = strikes[member.name] != nil
        guard isSuspect || settings.audit > 0, readyCount > 1, let first = member.ranges.first
        else { return }
        var random = Philox(seed: settings.auditKey, for: "audit", step, first.lowerBound)
        let whole = settings.audit / 2
        if isSuspect || Double(random.uniform()) < whole {
            for range in member.ranges { audit(range, of: member.peer) }
            return
        }
        // So that, with whole answers, each shard is audited with the probability that was asked for.
        let single = whole / (1 - whole)
        for slot in member.ranges.joined() where Double(random.uniform()) < single {
            audit(slot..<slot + 1, of: member.peer)
        }
    }

    private mutating func audit(_ slots: Range<Int>, of peer: Peer) {
        guard !withoutExamples.contains(slots) else { return }
        audits.append(Audit(slots, of: peer, without: withoutExamples, limit: plan.shards))
    }

    /// Asks for the second copies of what is audited in this step.
    mutating func askAuditors(now: Duration, _ effects: inout [CoordinatorEffect<Peer>]) {
        for audit in audits.indices {
            let others = members.indices.filter {
                members[$0].isReady && members[$0].askedStep == step
                    && !audits[audit].includes(members[$0].peer)
            }
            guard !others.isEmpty else { continue }
            let slots = audits[audit].slots
            var random = Philox(seed: settings.auditKey, for: "auditor", step, slots.lowerBound)
            let index = others[random.below(others.count)]
            audits[audit].add(members[index].peer, without: withoutExamples, limit: plan.shards)
            ask(index, for: [slots], now: now, &effects)
        }
        dropAudits { $0.copies.count < 2 }
    }

    /// Cuts a range at the ends of what a member answers for an audit.
    func cut(_ range: Range<Int>, for peer: Peer) -> [Range<Int>] {
        var ends: Set<Int> = [range.lowerBound, range.upperBound]
        for audit in audits where audit.includes(peer) && audit.slots.overlaps(range) {
            ends.insert(max(range.lowerBound, audit.slots.lowerBound))
            ends.insert(min(range.upperBound, audit.slots.upperBound))
        }
        let inOrder = ends.sorted()
        return zip(inOrder, inOrder.dropFirst()).map { $0..<$1 }
    }

    /// Takes note that a member is asked for slots of which nobody will check all.
    mutating func noteUnchecked(_ peer: Peer, _ range: Range<Int>) {
        guard settings.audit > 0, let index = index(of: peer) else { return }
        var rest = SlotSet(range, limit: plan.shards)
        for audit in audits where audit.includes(peer) { rest.remove(audit.slots) }
        guard !rest.isEmpty else { return }
        let name = members[index].name
        uncheckedSince[name] = uncheckedSince[name] ?? step
    }

    /// Whether a node mixes audited slots with others, although they were asked for apart.
    func isMixed(_ node: TreeNode, of peer: Peer) -> Bool {
        var slots = SlotSet(node.slots(of: plan.shards), limit: plan.shards)
        // A node reaches into its neighbours' slots where those have no examples.
        slots.subtract(withoutExamples)
        return audits.contains { audit in
            guard audit.includes(peer), slots.intersects(audit.slots) else { return false }
            var outside = slots
            outside.remove(audit.slots)
            return !outside.isEmpty
        }
    }

    /// Takes down an answer of the step under way; what two members differ in is decided by a third
    /// computation.
    mutating func compare(_ sum: PartialSumHeader, of peer: Peer) -> [CoordinatorEffect<Peer>] {
        for index in audits.indices where audits[index].includes(peer) {
            audits[index].note(sum, of: peer, limit: plan.shards)
        }
        guard let complete = audits.firstIndex(where: \.isComplete) else { return [] }
        let audit = audits.remove(at: complete)
        return audit.isAgreed ? [] : arbitrate(audit)
    }

    private mutating func arbitrate(_ audit: Audit<Peer>) -> [CoordinatorEffect<Peer>] {
        dispute = audit
        return [.arbitrate(audit.slots, step: step)]
    }

    /// Gives audits up; what they were to check is unchecked then.
    mutating func dropAudits(where isVoid: (Audit<Peer>) -> Bool) {
        let void = audits.filter(isVoid)
        guard !void.isEmpty else { return }
        audits.removeAll(where: isVoid)
        for audit in void { for copy in audit.copies { noteUnchecked(copy.peer, audit.slots) } }
    }

    /// A sum holds numbers that are not finite: either training diverges, or its sender is wrong.
    public mutating func doubt(
        _ sum: PartialSumHeader, of peer: Peer
    ) -> [CoordinatorEffect<Peer>] {
        arbitrate(Audit(doubting: sum, of: peer, limit: plan.shards))
    }

    /// What the coordinator itself has computed for the dispute at hand.
    public mutating func arbitrated(
        _ right: [PartialSumHeader], now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        guard let dispute = dispute.take(), phase == .training else { return [] }
        let wrong = dispute.wrong(right)
        // Only a doubt can turn out to be unfounded.
        guard !wrong.isEmpty else { return fail(.diverged(step: step), now: now) }
        // The step under way is void.
        phase = .paused
        forgetWork()
        let shards = dispute.slots.map { shard(atSlot: $0, of: plan.shards) }
        let struck = wrong.compactMap { peer in
            index(of: peer).map { (peer: peer, name: members[$0].name) }
        }
        var effects: [CoordinatorEffect<Peer>] = []
        for (peer, name) in struck {
            strikes[name, default: []].append(step)
            let times = strikes[name]?.count ?? 1
            effects.append(
                .report(.wrong(worker: name, step: step + 1, shards: shards, times: times)))
            // Where nothing is audited there is no second chance to catch it.
            if times > 1 || settings.audit == 0 { effects += throwOut(peer, name, now: now) }
        }
        guard let untrusted = struck.compactMap({ uncheckedSince[$0.name] }).min() else {
            return effects + beginStepOrPause(now: now)
        }
        phase = .rewinding
        isCheckpointDue = false
        return effects + [
            .report(.rewinding(step: untrusted)), .rewind(noLaterThan: untrusted),
        ]
    }

    /// Sends a member away for good.
    private mutating func throwOut(
        _ peer: Peer, _ name: String, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        let steps = (strikes[name] ?? []).map { "\($0 + 1)" }.joined(separator: " and ")
        let reason = "it computed wrongly in step \(steps)"
        thrownOut[name] = reason
        return [.send(.refuse(Notice(reason: reason)), to: peer)]
            + lose(peer, reason: reason, now: now)
    }

    /// The state is again as it was after `step` steps.
    public mutating func rewound(to step: Int, now: Duration) -> [CoordinatorEffect<Peer>] {
        guard phase == .rewinding else { return [] }
        self.step = step
        keptStep = step > 0 ? step : nil
        uncheckedSince = uncheckedSince.filter { $0.value < step }
        // Sums of steps that will be made again are no answers to them.
        for index in members.indices {
            members[index].askedStep = nil
            members[index].stale = nil
        }
        if let interruption { return finish(.interrupted(signal: interruption), now: now) }
        return testAtEpochEnd() ?? beginStepOrPause(now: now)
    }

    private mutating func forgetWork() {
        audits = []
        for index in members.indices { members[index].owed = SlotSet(limit: plan.shards) }
    }
}
