import Protocol
import Training

/// A sum of the step under way that is computed a second time, to be compared bit by bit; or one that
/// cannot be right.
struct Audit<Peer: Hashable & Sendable>: Sendable {
    /// What one member has answered.
    struct Copy: Sendable {
        let peer: Peer
        let identity: WorkerIdentity
        let name: String
        let sum: PartialSumHeader

        init(_ member: CoordinatorMachine<Peer>.Member, _ sum: PartialSumHeader) {
            (peer, identity, name) = (member.peer, member.identity, member.name)
            self.sum = sum
        }
    }

    /// The slots of the sum, from the first that has examples to the last.
    let slots: Range<Int>
    /// Whether the sum holds numbers that are not finite.
    let isDoubt: Bool
    /// The copy that is used, and the other once it is there.
    var copies: [Copy]
    /// The member that has been asked for the other; nil while nobody has.
    var auditor: Peer?

    /// Whether both have answered the same, to the last bit.
    var isAgreed: Bool { copies.allSatisfy { isSame($0.sum, copies[0].sum) } }

    /// The copies that are not `right`.
    func wrong(_ right: [PartialSumHeader]) -> [Copy] {
        copies.filter { copy in right.count != 1 || !isSame(copy.sum, right[0]) }
    }
}

/// Whether two sums of the same slots are the same.
///
/// Their nodes may differ, where one reaches further over slots that have no examples.
private func isSame(_ left: PartialSumHeader, _ right: PartialSumHeader) -> Bool {
    // A loss that is not a number equals itself here.
    (left.examples, left.correct, left.checksum, left.loss.bitPattern)
        == (right.examples, right.correct, right.checksum, right.loss.bitPattern)
}
