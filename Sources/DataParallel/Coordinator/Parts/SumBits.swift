import Protocol
import Reduction

/// The content of a sum, to the last bit, by which copies are compared.
///
/// The coordinator finds it from the received data. Nodes are left out: two copies may name different ones, if
/// one extends over slots without examples.
package struct SumBits: Sendable, Equatable {
    private let examples: Int
    private let correct: Int
    /// The bits of the loss, so that NaN equals itself.
    private let loss: UInt64
    private let gradients: PayloadDigest

    /// A sum that a worker sent, with the digest of its gradients.
    package init(_ sum: PartialSumHeader, _ gradients: PayloadDigest) {
        (examples, correct, loss) = (sum.examples, sum.correct, sum.loss.bitPattern)
        self.gradients = gradients
    }

    /// A sum that the coordinator computed.
    package init(_ sum: PartialSum) {
        (examples, correct) = (sum.tally.examples, sum.tally.correct)
        loss = sum.tally.loss.bitPattern
        gradients = PayloadDigest(sum.gradients)
    }
}
