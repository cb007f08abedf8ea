/// A sum of the current step that is computed a second time and compared bit by bit, or that is not finite.
package struct Audit<Peer: Hashable & Sendable>: Sendable {
    /// One member's answer.
    package struct Copy: Sendable {
        /// Its author.
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

    /// The slots of the sum, from the first with examples to the last.
    package let slots: Range<Int>
    /// Whether the sum contains numbers that are not finite.
    let isDoubt: Bool
    /// The copy that the step uses, then the second copy when it arrives.
    var copies: [Copy]
    /// The member asked for the second copy; nil until one is drawn.
    var auditor: Peer?

    /// Whether all copies are equal, to the last bit.
    var isAgreed: Bool { copies.allSatisfy { $0.bits == copies[0].bits } }

    /// The copies that differ from `right`; all copies if `right` is not a single sum.
    func wrong(_ right: [SumBits]) -> [Copy] {
        copies.filter { copy in right.count != 1 || copy.bits != right[0] }
    }
}
