/// A sum of the step under way that is computed a second time, to be compared bit by bit; or one that
/// cannot be right.
package struct Audit<Peer: Hashable & Sendable>: Sendable {
    /// What one member has answered.
    package struct Copy: Sendable {
        /// Who has answered.
        package let peer: Peer
        package let identity: WorkerIdentity
        package let name: String
        let bits: SumBits

        package init(peer: Peer, identity: WorkerIdentity, name: String, bits: SumBits) {
            self.peer = peer
            self.identity = identity
            self.name = name
            self.bits = bits
        }
    }

    /// The slots of the sum, from the first that has examples to the last.
    package let slots: Range<Int>
    /// Whether the sum holds numbers that are not finite.
    let isDoubt: Bool
    /// The copy that is used, and the other once it is there.
    var copies: [Copy]
    /// The member that has been asked for the other; nil while nobody has.
    var auditor: Peer?

    /// Whether both have answered the same, to the last bit.
    var isAgreed: Bool { copies.allSatisfy { $0.bits == copies[0].bits } }

    /// The copies that are not `right`.
    func wrong(_ right: [SumBits]) -> [Copy] {
        copies.filter { copy in right.count != 1 || copy.bits != right[0] }
    }
}
