import Protocol
import Reduction

/// All that a sum says, to the last bit, as the coordinator itself finds it: what copies are compared by.
///
/// Their nodes may differ, where one reaches further over slots that have no examples.
package struct SumBits: Sendable, Equatable {
    private let examples: Int
    private let correct: Int
    /// The bits of the loss: one that is not a number equals itself here.
    private let loss: UInt64
    private let gradients: PayloadDigest

    /// What a worker has sent, whose gradients have this digest.
    package init(_ sum: PartialSumHeader, _ gradients: PayloadDigest) {
        (examples, correct, loss) = (sum.examples, sum.correct, sum.loss.bitPattern)
        self.gradients = gradients
    }

    /// What was computed here.
    package init(_ sum: PartialSum) {
        (examples, correct) = (sum.tally.examples, sum.tally.correct)
        loss = sum.tally.loss.bitPattern
        gradients = PayloadDigest(sum.gradients)
    }
}
