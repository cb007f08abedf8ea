import Protocol
import Randomness
import Reduction

/// The sums of the current step that are computed twice, and those that the coordinator recomputes itself.
///
/// The decision to audit a sum is drawn after the sum arrives, so a worker cannot know it in advance. Each sum
/// is drawn independently with the requested probability, so each slot is audited with that probability too. A
/// restarted step draws again, so knowing its first audits does not help a worker.
package struct Audits<Peer: Hashable & Sendable>: Sendable {
    package typealias Copy = Audit<Peer>.Copy

    /// A candidate for computing a second copy.
    package struct Auditor: Sendable {
        let peer: Peer
        let identity: WorkerIdentity
        /// The slots that it was asked for in the current step.
        let asked: SlotSet?

        package init(peer: Peer, identity: WorkerIdentity, asked: SlotSet?) {
            self.peer = peer
            self.identity = identity
            self.asked = asked
        }

        /// Whether its copy would be independent: it has another identity than all authors, and was not asked
        /// for overlapping slots whose answer could be mistaken for the copy.
        fileprivate func canCompute(_ audit: Audit<Peer>, _ slots: SlotSet) -> Bool {
            audit.copies.allSatisfy { $0.identity != identity } && asked?.intersects(slots) != true
        }
    }

    /// The result of comparing a second copy.
    package enum Comparison: Sendable {
        /// Both copies are equal, to the last bit.
        case agreed(author: Copy)
        /// They differ, or are drawn for a recheck: the coordinator decides.
        case disputed
    }

    /// The result of comparing with the coordinator's own copy.
    package enum Ruling: Sendable {
        /// The copies belong to a step that was voided.
        case void
        /// All copies are correct.
        case right
        /// Training diverges: the correct sum is not finite.
        case diverged
        /// Some copies are wrong.
        case wrong([Copy], slots: Range<Int>)
    }

    /// The share of the sums that are audited, 0 to 1.
    private let share: Double
    /// The fraction of agreements that the coordinator rechecks.
    private let recheck: Double
    private let key: UInt64

    /// The sums that await a second copy, by node.
    private var open: [TreeNode: Audit<Peer>] = [:]
    /// The nodes that each member was asked to audit in the current step.
    private var asked: [Peer: [TreeNode]] = [:]
    /// The open audits without an auditor.
    private var unasked: [TreeNode] = []
    /// The queue of audits that the coordinator recomputes, one after another.
    private var disputes: [Audit<Peer>] = []
    private var isArbitrating = false
    /// Whether the running recomputation has become useless.
    private var isVerdictVoid = false
    /// How often a step has begun, restarts included, so that a restarted step draws again.
    private var rounds = 0
    private var draws = 0

    /// Starts without audits.
    ///
    /// - Parameters:
    ///   - share: the fraction of the sums that are audited, 0 to 1.
    ///   - recheck: the fraction of the agreements that the coordinator rechecks.
    ///   - key: the secret seed of all draws; a worker that knew it could be honest only when audited.
    package init(share: Double, recheck: Double, key: UInt64) {
        self.share = share
        self.recheck = recheck
        self.key = key
    }

    /// Whether sums are audited at all.
    package var isOn: Bool { share > 0 }

    /// Whether no sum awaits a second copy or a decision.
    package var areSettled: Bool { open.isEmpty && disputes.isEmpty }

    /// Whether no second copy is awaited.
    package var isEmpty: Bool { open.isEmpty }

    /// Begins or restarts a step.
    package mutating func begin() {
        rounds += 1
        asked.removeAll(keepingCapacity: true)
    }

    /// Draws whether a sum is audited.
    package func isChosen(_ sum: PartialSumHeader) -> Bool {
        share > 0 && isDrawn("audit", sum, share)
    }

    /// Draws an event for a sum with a given probability.
    private func isDrawn(
        _ purpose: String, _ sum: PartialSumHeader, _ probability: Double
    ) -> Bool {
        var random = Philox(seed: key, for: purpose, rounds, sum.level, sum.residue)
        return Double(random.uniform()) < probability
    }

    /// Opens an audit: the sum will be computed a second time.
    package mutating func open(_ node: TreeNode, slots: Range<Int>, _ copy: Copy) {
        open[node] = Audit(slots: slots, isDoubt: false, copies: [copy])
        unasked.append(node)
    }

    // MARK: - Second copies

    /// Whether a sum mixes audited slots with others, or holds only part of them, although its sender was asked
    /// for them separately.
    package func isMixed(_ node: TreeNode, _ slots: Range<Int>, of peer: Peer) -> Bool {
        guard open[node]?.auditor != peer, let nodes = asked[peer] else { return false }
        return nodes.contains { node in
            open[node]?.auditor == peer && open[node]?.slots.overlaps(slots) == true
        }
    }

    /// Reassigns the second copies owed by members that left or are late.
    package mutating func release(_ peers: Set<Peer>) {
        let released = open.filter { $0.value.auditor.map(peers.contains) ?? false }
        for node in released.keys {
            open[node]?.auditor = nil
            unasked.append(node)
        }
        for peer in peers { asked[peer] = nil }
    }

    /// Whether any second copy has no auditor yet.
    package var lackAuditors: Bool { !unasked.isEmpty }

    /// Draws the auditors of the second copies.
    ///
    /// An auditor has another identity than the author and is drawn at random, so a worker cannot arrange for
    /// an accomplice to check it. If no other member can do it, the coordinator computes the copy itself.
    ///
    /// - Returns: the ranges to request from each of the free members.
    package mutating func assign(
        to free: [Auditor], busy: [Auditor], _ ledger: StepLedger
    ) -> [[Range<Int>]] {
        draws += 1
        var random = Philox(seed: key, for: "auditor", rounds, draws)
        var draw = AuditorDraw(free.map(\.identity), &random)
        var parts = free.map { _ in [Range<Int>]() }
        var waiting: [TreeNode] = []
        for (node, audit) in takeUnasked(&random) {
            let slots = ledger.slotsWithExamples(audit.slots)
            if let place = draw.next(among: { free[$0].canCompute(audit, slots) }) {
                open[node]?.auditor = free[place].peer
                asked[free[place].peer, default: []].append(node)
                parts[place].append(audit.slots)
            } else if busy.contains(where: { $0.canCompute(audit, slots) }) {
                waiting.append(node)
            } else {
                open[node] = nil
                disputes.append(audit)
            }
        }
        unasked = waiting
        return parts.map { $0.sorted { $0.lowerBound < $1.lowerBound } }
    }

    /// The audits without an auditor, in an unpredictable order.
    private mutating func takeUnasked(_ random: inout Philox) -> [(TreeNode, Audit<Peer>)] {
        defer { unasked = [] }
        let audits = unasked.compactMap { node in open[node].map { (node, $0) } }
            .sorted { $0.1.slots.lowerBound < $1.1.slots.lowerBound }
        return random.permutation(of: audits.count).map { audits[Int($0)] }
    }

    /// Compares a second copy with the first; returns nil if the sum is not a second copy.
    package mutating func compare(
        _ sum: PartialSumHeader, at node: TreeNode, from peer: Peer, _ copy: () -> Copy
    ) -> Comparison? {
        guard !open.isEmpty, var audit = open[node], audit.auditor == peer else { return nil }
        open[node] = nil
        audit.copies.append(copy())
        if audit.isAgreed, !isDrawn("recheck", sum, recheck) {
            return .agreed(author: audit.copies[0])
        }
        disputes.append(audit)
        return .disputed
    }

    // MARK: - The coordinator's own copies

    /// Opens a dispute about a sum that is not finite: either training diverges, or its sender is wrong.
    package mutating func doubt(_ node: TreeNode, slots: Range<Int>, _ copy: Copy) {
        open[node] = nil
        disputes.append(Audit(slots: slots, isDoubt: true, copies: [copy]))
    }

    /// The slots that the coordinator computes next; nil while it computes others, or without disputes.
    package mutating func nextDispute() -> Range<Int>? {
        guard !isArbitrating, let next = disputes.first else { return nil }
        isArbitrating = true
        return next.slots
    }

    /// Rules on the first dispute with the coordinator's own result.
    package mutating func rule(_ right: [SumBits]) -> Ruling {
        let isVoid = isVerdictVoid
        (isArbitrating, isVerdictVoid) = (false, false)
        guard !isVoid, !disputes.isEmpty else { return .void }
        let dispute = disputes.removeFirst()
        let wrong = dispute.wrong(right)
        guard wrong.isEmpty else { return .wrong(wrong, slots: dispute.slots) }
        // The coordinator computed the same sum; if it is doubtful, the correct sum is not finite.
        return dispute.isDoubt ? .diverged : .right
    }

    /// Discards all audits of the current step.
    package mutating func forget() {
        (open, asked, unasked, disputes) = ([:], [:], [], [])
        isVerdictVoid = isArbitrating
    }
}
