import Protocol
import Randomness
import Reduction

/// The sums of the step under way that are computed twice, and those that the coordinator computes itself.
///
/// Whether a sum is audited is decided after it has come, so no worker can know it before; and for each
/// sum alone, with the probability that was asked for, which so is that of each slot. A step that begins
/// again is decided anew: who has seen what was audited the first time learns nothing from it.
package struct Audits<Peer: Hashable & Sendable>: Sendable {
    package typealias Copy = Audit<Peer>.Copy

    /// A member that could compute a second copy.
    package struct Auditor: Sendable {
        let peer: Peer
        let identity: WorkerIdentity
        /// The slots that it was asked for in the step under way.
        let asked: SlotSet?

        package init(peer: Peer, identity: WorkerIdentity, asked: SlotSet?) {
            self.peer = peer
            self.identity = identity
            self.asked = asked
        }

        /// Whether its copy would be another than those there are: it is not of the same worker, and is asked
        /// for nothing else that it could be taken for.
        fileprivate func canCompute(_ audit: Audit<Peer>, _ slots: SlotSet) -> Bool {
            audit.copies.allSatisfy { $0.identity != identity } && asked?.intersects(slots) != true
        }
    }

    /// What the second copy of a sum shows.
    package enum Comparison: Sendable {
        /// The two are the same, to the last bit.
        case agreed(author: Copy)
        /// They differ, or are checked all the same: the coordinator decides.
        case disputed
    }

    /// What the coordinator's own copy shows.
    package enum Ruling: Sendable {
        /// The step that it belongs to is void.
        case void
        /// All copies are right.
        case right
        /// Training diverges: what is right is not finite.
        case diverged
        /// Some copies are wrong.
        case wrong([Copy], slots: Range<Int>)
    }

    /// The share of the sums that are audited, 0 to 1.
    private let share: Double
    /// The share of the agreements that the coordinator checks.
    private let recheck: Double
    private let key: UInt64

    /// The sums that are computed a second time, by their node.
    private var open: [TreeNode: Audit<Peer>] = [:]
    /// Those of them that nobody has been asked for yet.
    private var unasked: [TreeNode] = []
    /// What the coordinator itself computes, one after another.
    private var disputes: [Audit<Peer>] = []
    private var isArbitrating = false
    /// Whether what is being computed here is of no use any more.
    private var isVerdictVoid = false
    /// How often a step has begun: what is drawn for an audit is drawn anew where one begins again.
    private var rounds = 0
    private var draws = 0

    /// No audits so far.
    ///
    /// - Parameters:
    ///   - share: the share of the sums that are audited, 0 to 1.
    ///   - recheck: the share of the agreements that the coordinator checks.
    ///   - key: what decides which; secret, lest a worker is honest only where it is audited.
    package init(share: Double, recheck: Double, key: UInt64) {
        self.share = share
        self.recheck = recheck
        self.key = key
    }

    /// Whether sums are audited at all.
    package var isOn: Bool { share > 0 }

    /// Whether no sum waits for a second copy or a decision.
    package var areSettled: Bool { open.isEmpty && disputes.isEmpty }

    /// Whether no second copy is awaited.
    package var isEmpty: Bool { open.isEmpty }

    /// A step begins, perhaps anew.
    package mutating func begin() { rounds += 1 }

    /// Draws whether a sum is audited.
    package func isChosen(_ sum: PartialSumHeader) -> Bool {
        share > 0 && isDrawn("audit", sum, share)
    }

    /// Whether something happens to a sum that is to happen with a probability.
    private func isDrawn(
        _ purpose: String, _ sum: PartialSumHeader, _ probability: Double
    ) -> Bool {
        var random = Philox(seed: key, for: purpose, rounds, sum.level, sum.residue)
        return Double(random.uniform()) < probability
    }

    /// A sum is to be computed a second time.
    package mutating func open(_ node: TreeNode, slots: Range<Int>, _ copy: Copy) {
        open[node] = Audit(slots: slots, isDoubt: false, copies: [copy])
        unasked.append(node)
    }

    // MARK: - Second copies

    /// Whether a sum mixes slots of an audit with others, or holds a part of them, although its sender
    /// was asked for them separately.
    package func isMixed(_ node: TreeNode, _ slots: Range<Int>, of peer: Peer) -> Bool {
        open[node]?.auditor != peer
            && open.values.contains { $0.auditor == peer && $0.slots.overlaps(slots) }
    }

    /// Asks others for the second copies that members owe who are gone or late.
    package mutating func release(_ peers: Set<Peer>) {
        let released = open.filter { $0.value.auditor.map(peers.contains) ?? false }
        for node in released.keys {
            open[node]?.auditor = nil
            unasked.append(node)
        }
    }

    /// Whether second copies wait for an auditor.
    package var lackAuditors: Bool { !unasked.isEmpty }

    /// Draws who computes the second copies: somebody else than the author, so that a worker cannot see to it
    /// that an accomplice checks it; or, where nobody else can be asked, the coordinator itself.
    ///
    /// - Returns: the ranges that each of the free ones is to be asked for.
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

    /// The audits that nobody has been asked for, in an order that nobody can foresee.
    private mutating func takeUnasked(_ random: inout Philox) -> [(TreeNode, Audit<Peer>)] {
        defer { unasked = [] }
        let audits = unasked.compactMap { node in open[node].map { (node, $0) } }
            .sorted { $0.1.slots.lowerBound < $1.1.slots.lowerBound }
        return random.permutation(of: audits.count).map { audits[Int($0)] }
    }

    /// Compares the second copy of a sum with the first; nil if it is none.
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

    /// A sum holds numbers that are not finite: either training diverges, or its sender is wrong.
    package mutating func doubt(_ node: TreeNode, slots: Range<Int>, _ copy: Copy) {
        open[node] = nil
        disputes.append(Audit(slots: slots, isDoubt: true, copies: [copy]))
    }

    /// The slots that the coordinator is to compute next; nil while it computes others, or need not.
    package mutating func nextDispute() -> Range<Int>? {
        guard !isArbitrating, let next = disputes.first else { return nil }
        isArbitrating = true
        return next.slots
    }

    /// The coordinator has computed the slots of the last dispute.
    package mutating func rule(_ right: [SumBits]) -> Ruling {
        let isVoid = isVerdictVoid
        (isArbitrating, isVerdictVoid) = (false, false)
        guard !isVoid, !disputes.isEmpty else { return .void }
        let dispute = disputes.removeFirst()
        let wrong = dispute.wrong(right)
        guard wrong.isEmpty else { return .wrong(wrong, slots: dispute.slots) }
        // What the coordinator computes, too, is right.
        return dispute.isDoubt ? .diverged : .right
    }

    /// Forgets all sums of the step under way.
    package mutating func forget() {
        (open, unasked, disputes) = ([:], [], [])
        isVerdictVoid = isArbitrating
    }
}
