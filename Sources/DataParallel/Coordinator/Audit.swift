import Protocol
import Training

/// A range of slots whose sums two members compute apart, to be compared bit by bit; or, where a sum
/// cannot be right, the one that there is.
struct Audit<Peer: Hashable & Sendable>: Sendable {
    let slots: Range<Int>
    private(set) var copies: [Copy]

    /// What one member answers.
    struct Copy: Sendable {
        let peer: Peer
        /// The slots that it has sent no sum of yet.
        var missing: SlotSet
        var answers: [PartialSumHeader] = []
    }

    /// Slots that `peer` is asked for.
    init(_ slots: Range<Int>, of peer: Peer, without empty: SlotSet, limit: Int) {
        self.slots = slots
        copies = []
        add(peer, without: empty, limit: limit)
    }

    /// A sum that cannot be right.
    init(doubting sum: PartialSumHeader, of peer: Peer, limit: Int) {
        slots = TreeNode(sum).slots(of: limit)
        copies = [Copy(peer: peer, missing: SlotSet(limit: limit), answers: [sum])]
    }

    /// A second member is asked for them.
    mutating func add(_ peer: Peer, without empty: SlotSet, limit: Int) {
        let wanted = SlotSet(slots, limit: limit).subtracting(empty)
        copies.append(Copy(peer: peer, missing: wanted))
    }

    func includes(_ peer: Peer) -> Bool { copies.contains { $0.peer == peer } }

    /// Takes down a member's answer.
    mutating func note(_ sum: PartialSumHeader, of peer: Peer, limit: Int) {
        guard let index = copies.firstIndex(where: { $0.peer == peer }),
            copies[index].missing.intersects(TreeNode(sum).slots(of: limit))
        else { return }
        copies[index].missing.remove(TreeNode(sum).slots(of: limit))
        copies[index].answers.append(sum)
    }

    var isComplete: Bool { copies.allSatisfy(\.missing.isEmpty) }

    /// Whether both have answered the same, to the last bit.
    var isAgreed: Bool { copies.dropFirst().allSatisfy { isSame($0.answers, copies[0].answers) } }

    /// The members whose answer is not `right`.
    func wrong(_ right: [PartialSumHeader]) -> [Peer] {
        copies.filter { !isSame($0.answers, right) }.map(\.peer)
    }
}

/// Whether two lists name the same sums, in any order.
private func isSame(_ left: [PartialSumHeader], _ right: [PartialSumHeader]) -> Bool {
    func inOrder(_ sums: [PartialSumHeader]) -> [PartialSumHeader] {
        sums.sorted { ($0.level, $0.residue) < ($1.level, $1.residue) }
    }
    // A loss that is not a number equals itself here.
    return inOrder(left).elementsEqual(inOrder(right)) { left, right in
        (left.level, left.residue, left.examples, left.correct, left.checksum)
            == (right.level, right.residue, right.examples, right.correct, right.checksum)
            && left.loss.bitPattern == right.loss.bitPattern
    }
}
