import Protocol
import Randomness
import Training

// Audits: sums that are computed twice.
//
// Whether a sum is audited is decided after it has come, so no worker can know it before; and for each
// sum alone, with the probability that was asked for, which so is that of each slot. Once all sums of
// the step are there, those that are audited are asked of other members, in one message each. Where
// nobody else can be asked, the coordinator itself computes them.

extension CoordinatorMachine {
    /// Decides whether a sum that is used is audited.
    mutating func chooseAudit(_ sum: PartialSumHeader, of index: Int) {
        guard settings.audit > 0 || known.hasStrikes else { return }
        let member = members[index]
        guard isAudited(sum, of: member.identity) else {
            if settings.audit > 0 { known.noteUnchecked(member.identity, step: step) }
            return
        }
        let node = wholeNode(of: sum)
        audits[node] = audit(of: sum, by: member, isDoubt: false)
        unaskedAudits.append(node)
    }

    private func isAudited(_ sum: PartialSumHeader, of identity: WorkerIdentity) -> Bool {
        if !known.strikes(of: identity).isEmpty { return true }
        guard settings.audit > 0 else { return false }
        var random = Philox(
            seed: settings.auditKey, for: "audit", sum.step, sum.level, sum.residue)
        return Double(random.uniform()) < settings.audit
    }

    private func audit(
        of sum: PartialSumHeader, by member: Member, isDoubt: Bool
    ) -> Audit<Peer> {
        let slots = slotsWithExamples(TreeNode(sum).slots(of: plan.shards))
        let runs = slots.runs
        let copy = Audit<Peer>.Copy(member, sum)
        return Audit(
            slots: (runs.first?.lowerBound ?? 0)..<(runs.last?.upperBound ?? 0), isDoubt: isDoubt,
            copies: [copy])
    }

    /// The node that a sum is reported under by who adds up all that it can.
    func wholeNode(of sum: PartialSumHeader) -> TreeNode {
        var node = TreeNode(sum)
        while let parent = node.parent, let sibling = node.sibling,
            plan.examples(under: sibling, step: sum.step) == 0
        {
            node = parent
        }
        return node
    }

    private func slotsWithExamples(_ range: Range<Int>) -> SlotSet {
        SlotSet(range, limit: plan.shards).subtracting(withoutExamples)
    }

    // MARK: - Second copies

    /// Asks for the second copies of audited sums, once all sums of the step are there.
    mutating func askAuditors(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard phase == .training, !unaskedAudits.isEmpty, covered.contains(0..<plan.shards) else {
            return []
        }
        let ready = isBelowMinimum ? [] : members.indices.filter { members[$0].isReady }
        let free = ready.filter { members[$0].canBeAsked(in: step) }
        let busy = ready.filter {
            members[$0].askedStep == step && !members[$0].canBeAsked(in: step)
        }
        var random = Philox(seed: settings.auditKey, for: "auditor", step)
        var turn = free.isEmpty ? 0 : random.below(free.count)
        var parts = free.map { _ in [Range<Int>]() }
        var waiting: [TreeNode] = []
        for (node, audit) in takeUnaskedAudits() {
            let slots = slotsWithExamples(audit.slots)
            let places = (0..<free.count).lazy.map { (turn + $0) % free.count }
            if let place = places.first(where: { canAudit(free[$0], audit, slots) }) {
                audits[node]?.auditor = members[free[place]].peer
                parts[place].append(audit.slots)
                turn = place + 1
            } else if busy.contains(where: { canAudit($0, audit, slots) }) {
                waiting.append(node)
            } else {
                audits[node] = nil
                disputes.append(audit)
            }
        }
        unaskedAudits = waiting
        let asked = zip(free, parts).filter { !$0.1.isEmpty }
        return asked.map { ask($0.0, for: $0.1, now: now) } + arbitrateNext()
    }

    /// The audits that nobody has been asked for, in the order of their slots.
    private mutating func takeUnaskedAudits() -> [(TreeNode, Audit<Peer>)] {
        defer { unaskedAudits = [] }
        return unaskedAudits.compactMap { node in audits[node].map { (node, $0) } }
            .sorted { $0.1.slots.lowerBound < $1.1.slots.lowerBound }
    }

    /// Whether a member's copy would be another than those there are: it is not of the same worker, and
    /// is asked for nothing else that it could be taken for.
    private func canAudit(_ index: Int, _ audit: Audit<Peer>, _ slots: SlotSet) -> Bool {
        let member = members[index]
        return audit.copies.allSatisfy { $0.identity != member.identity }
            && member.asked(in: step)?.intersects(slots) != true
    }

    /// Asks others for the second copies that members owe who are gone or late.
    mutating func releaseAudits(of peers: Set<Peer>) {
        let released = audits.filter { $0.value.auditor.map(peers.contains) ?? false }
        for node in released.keys {
            audits[node]?.auditor = nil
            unaskedAudits.append(node)
        }
    }

    /// Whether a sum mixes slots of an audit with others, or holds a part of them, although its sender
    /// was asked for them apart.
    func isMixed(_ sum: PartialSumHeader, of peer: Peer) -> Bool {
        let slots = TreeNode(sum).slots(of: plan.shards)
        return audits[wholeNode(of: sum)]?.auditor != peer
            && audits.values.contains { $0.auditor == peer && $0.slots.overlaps(slots) }
    }

    /// Compares the second copy of a sum with the first; nil if it is none.
    mutating func compare(
        _ sum: PartialSumHeader, of index: Int
    ) -> [CoordinatorEffect<Peer>]? {
        let (node, member) = (wholeNode(of: sum), members[index])
        guard var audit = audits[node], audit.auditor == member.peer else { return nil }
        audits[node] = nil
        audit.copies.append(.init(member, sum))
        if audit.isAgreed { return [] }
        disputes.append(audit)
        return arbitrateNext()
    }

    // MARK: - The coordinator's own copies

    private mutating func arbitrateNext() -> [CoordinatorEffect<Peer>] {
        guard !isArbitrating, let next = disputes.first else { return [] }
        isArbitrating = true
        return [.arbitrate(next.slots, step: step)]
    }

    /// A sum holds numbers that are not finite: either training diverges, or its sender is wrong.
    public mutating func doubt(
        _ sum: PartialSumHeader, of peer: Peer
    ) -> [CoordinatorEffect<Peer>] {
        guard let index = index(of: peer) else { return [] }
        audits[wholeNode(of: sum)] = nil
        disputes.append(audit(of: sum, by: members[index], isDoubt: true))
        return arbitrateNext()
    }

    /// The coordinator itself has computed what it was last told to.
    public mutating func arbitrated(
        _ right: [PartialSumHeader], now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        let isVoid = isVerdictVoid
        (isArbitrating, isVerdictVoid) = (false, false)
        guard phase == .training, !disputes.isEmpty else { return [] }
        if isVoid { return arbitrateNext() }
        let dispute = disputes.removeFirst()
        let wrong = dispute.wrong(right)
        if !wrong.isEmpty { return strike(wrong, of: dispute, now: now) }
        // What the coordinator computes, too, is right.
        if dispute.isDoubt { return fail(.diverged(step: step), now: now) }
        return arbitrateNext() + updateIfComplete()
    }

    /// Voids the step, for the sums of members that computed wrongly.
    private mutating func strike(
        _ wrong: [Audit<Peer>.Copy], of dispute: Audit<Peer>, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        phase = .paused
        let shards = shards(slotsWithExamples(dispute.slots))
        forgetSums()
        let untrusted = wrong.compactMap { known.uncheckedSince($0.identity) }.min()
        var effects: [CoordinatorEffect<Peer>] = []
        for copy in wrong {
            let times = known.strike(copy.identity, step: step)
            effects.append(
                .report(.wrong(worker: copy.name, step: step + 1, shards: shards, times: times)))
            // Where nothing is audited there is no second chance to catch it.
            if times > 1 || settings.audit == 0 {
                effects += throwOut(copy.identity, now: now)
            }
        }
        guard let untrusted else {
            return effects + beginStepOrPause(now: now)
        }
        phase = .rewinding
        isCheckpointDue = false
        return effects + [
            .report(.rewinding(step: untrusted)), .rewind(noLaterThan: untrusted),
        ]
    }

    /// Sends a worker away for good, all its connections.
    private mutating func throwOut(
        _ identity: WorkerIdentity, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        let steps = known.strikes(of: identity).map { "\($0 + 1)" }.joined(separator: " and ")
        let reason = "it sent wrong gradients in step \(steps)"
        known.ban(identity, reason: reason)
        return members.filter { $0.identity == identity }.map(\.peer).flatMap { peer in
            [.send(.refuse(Notice(reason: reason)), to: peer)]
                + lose(peer, reason: reason, now: now)
        }
    }

    /// The state is again as it was after `step` steps.
    public mutating func rewound(to step: Int, now: Duration) -> [CoordinatorEffect<Peer>] {
        guard phase == .rewinding else { return [] }
        self.step = step
        keptStep = step > 0 ? step : nil
        known.rewind(to: step)
        // Sums of steps that will be made again are no answers to them.
        for index in members.indices {
            members[index].askedStep = nil
            members[index].dropDebts()
            members[index].stale = nil
        }
        if let interruption { return finish(.interrupted(signal: interruption), now: now) }
        return testAtEpochEnd() ?? beginStepOrPause(now: now)
    }

    /// Forgets the sums of the step under way, but not what members still compute of it.
    private mutating func forgetSums() {
        audits = [:]
        unaskedAudits = []
        disputes = []
        isVerdictVoid = isArbitrating
        for index in members.indices {
            members[index].asked = withoutExamples
            members[index].asked.formUnion(members[index].owed)
        }
    }
}
