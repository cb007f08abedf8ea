import Protocol
import Randomness
import Training

// Who computes the second copies: somebody else than the author, drawn at random, so that a worker cannot
// see to it that an accomplice checks it; or, where nobody else can be asked, the coordinator itself.

extension CoordinatorMachine {
    /// Asks for the second copies of audited sums, once all sums of the step are there.
    mutating func askAuditors(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard phase == .training, !unaskedAudits.isEmpty, covered.contains(0..<plan.shards) else {
            return []
        }
        let ready = isBelowMinimum ? [] : active(where: \.isReady)
        let free = ready.filter { members[$0].canBeAsked(in: step) }
        let busy = ready.filter {
            members[$0].askedStep == step && !members[$0].canBeAsked(in: step)
        }
        auditorDraws += 1
        var random = Philox(seed: settings.auditKey, for: "auditor", rounds, auditorDraws)
        var draw = AuditorDraw(free.map { members[$0].identity }, &random)
        var parts = free.map { _ in [Range<Int>]() }
        var waiting: [TreeNode] = []
        for (node, audit) in takeUnaskedAudits(&random) {
            let slots = slotsWithExamples(audit.slots)
            if let place = draw.next(among: { canAudit(free[$0], audit, slots) }) {
                audits[node]?.auditor = members[free[place]].peer
                parts[place].append(audit.slots)
            } else if busy.contains(where: { canAudit($0, audit, slots) }) {
                waiting.append(node)
            } else {
                audits[node] = nil
                disputes.append(audit)
            }
        }
        unaskedAudits = waiting
        var effects: [CoordinatorEffect<Peer>] = []
        for (index, part) in zip(free, parts) where !part.isEmpty {
            let ranges = part.sorted { $0.lowerBound < $1.lowerBound }
            effects.append(ask(index, for: ranges, now: now))
        }
        return effects + arbitrateNext()
    }

    /// The audits that nobody has been asked for, in an order that nobody can foresee.
    private mutating func takeUnaskedAudits(
        _ random: inout Philox
    ) -> [(TreeNode, Audit<Peer>)] {
        defer { unaskedAudits = [] }
        let unasked = unaskedAudits.compactMap { node in audits[node].map { (node, $0) } }
            .sorted { $0.1.slots.lowerBound < $1.1.slots.lowerBound }
        return random.permutation(of: unasked.count).map { unasked[Int($0)] }
    }

    /// Whether a member's copy would be another than those there are: it is not of the same worker, and
    /// is asked for nothing else that it could be taken for.
    private func canAudit(_ index: Int, _ audit: Audit<Peer>, _ slots: SlotSet) -> Bool {
        let member = members[index]
        return audit.copies.allSatisfy { $0.identity != member.identity }
            && member.asked(in: step)?.intersects(slots) != true
    }
}
