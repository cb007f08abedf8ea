import Protocol
import Randomness
import Training

// Audits: sums that are computed twice.
//
// Whether a sum is audited is decided after it has come, so no worker can know it before; and for each
// sum alone, with the probability that was asked for, which so is that of each slot. A step that begins
// again is decided anew: who has seen what was audited the first time learns nothing from it. Once all
// sums of the step are there, those that are audited are asked of others, see +Auditors.

extension CoordinatorMachine {
    /// Decides whether a sum that is used is audited.
    mutating func chooseAudit(
        _ sum: PartialSumHeader, _ digest: () -> PayloadDigest, of index: Int
    ) {
        guard settings.audit > 0 || known.hasStrikes else { return }
        let member = members[index]
        guard isAudited(sum, of: member.identity) else {
            if settings.audit > 0 { known.noteUnchecked(member.identity, step: step) }
            return
        }
        let node = wholeNode(of: sum)
        audits[node] = audit(of: sum, digest(), by: member, isDoubt: false)
        unaskedAudits.append(node)
    }

    private func isAudited(_ sum: PartialSumHeader, of identity: WorkerIdentity) -> Bool {
        if !known.strikes(of: identity).isEmpty { return true }
        guard settings.audit > 0 else { return false }
        return isDrawn("audit", sum, settings.audit)
    }

    /// Whether something happens to a sum that is to happen with a probability.
    private func isDrawn(
        _ purpose: String, _ sum: PartialSumHeader, _ probability: Double
    ) -> Bool {
        var random = Philox(
            seed: settings.auditKey, for: purpose, rounds, sum.level, sum.residue)
        return Double(random.uniform()) < probability
    }

    private func audit(
        of sum: PartialSumHeader, _ digest: PayloadDigest, by member: Member, isDoubt: Bool
    ) -> Audit<Peer> {
        let slots = slotsWithExamples(TreeNode(sum).slots(of: plan.shards))
        let runs = slots.runs
        let copy = Audit<Peer>.Copy(member, SumBits(sum, digest))
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

    func slotsWithExamples(_ range: Range<Int>) -> SlotSet {
        SlotSet(range, limit: plan.shards).subtracting(withoutExamples)
    }

    // MARK: - Second copies

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
        _ sum: PartialSumHeader, _ digest: () -> PayloadDigest, of index: Int
    ) -> [CoordinatorEffect<Peer>]? {
        guard !audits.isEmpty else { return nil }
        let (node, member) = (wholeNode(of: sum), members[index])
        guard var audit = audits[node], audit.auditor == member.peer else { return nil }
        audits[node] = nil
        audit.copies.append(.init(member, SumBits(sum, digest())))
        if audit.isAgreed, !isDrawn("recheck", sum, settings.recheck) {
            let (author, auditor) = (audit.copies[0].identity, member.identity)
            known.noteConfirmed(author, by: auditor, step: step)
            if let index = self.index(of: audit.copies[0].peer) { members[index].confirmed += 1 }
            return []
        }
        disputes.append(audit)
        return arbitrateNext()
    }

    /// The members of whose sums others have computed some too, with the same bits, and how many.
    package var confirmedSums: [(peer: Peer, count: Int)] {
        guard settings.audit > 0 else { return [] }
        return members.filter { $0.confirmed > 0 }.map { ($0.peer, $0.confirmed) }
    }

    // MARK: - The coordinator's own copies

    mutating func arbitrateNext() -> [CoordinatorEffect<Peer>] {
        guard !isArbitrating, let next = disputes.first else { return [] }
        isArbitrating = true
        return [.arbitrate(next.slots, step: step)]
    }

    /// A sum holds numbers that are not finite: either training diverges, or its sender is wrong.
    package mutating func doubt(
        _ sum: PartialSumHeader, digest: PayloadDigest, of peer: Peer
    ) -> [CoordinatorEffect<Peer>] {
        guard let index = index(of: peer) else { return [] }
        audits[wholeNode(of: sum)] = nil
        disputes.append(audit(of: sum, digest, by: members[index], isDoubt: true))
        return arbitrateNext()
    }

    /// The coordinator itself has computed what it was last told to.
    package mutating func arbitrated(
        _ right: [SumBits], now: Duration
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
        let counts = wrong.map { known.strike($0.identity, step: step) }
        let untrusted = known.untrustedSince(wrong.map(\.identity))
        var effects: [CoordinatorEffect<Peer>] = []
        for (copy, times) in zip(wrong, counts) {
            effects.append(
                .report(.wrong(worker: copy.name, step: step + 1, shards: shards, times: times)))
            let confirmed = known.confirmedSince(copy.identity)
            if let confirmed, confirmed < min(step, untrusted ?? step) {
                effects.append(
                    .report(.confirmedByWorkers(worker: copy.name, step: confirmed + 1)))
            }
            // Where nothing is audited there is no second chance to catch it.
            if times > 1 || settings.audit == 0 {
                effects += throwOut(copy.identity, now: now)
            }
        }
        // The step under way is void in any case.
        guard let untrusted, untrusted < step else {
            known.rewind(to: step)
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
        attempt &+= 1
        for index in members.indices { members[index].voidRequests() }
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
