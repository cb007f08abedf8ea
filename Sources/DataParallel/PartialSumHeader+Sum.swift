import Protocol
import Reduction

// The protocol knows no tree and no tally: what ties its headers to the sums that they announce.

extension PartialSumHeader {
    /// The announcement of a sum of a step, whose gradients have this checksum.
    package init(
        _ sum: PartialSum, step: Int, attempt: UInt8, checksum: UInt64, timing: WorkTiming? = nil
    ) {
        self.init(
            step: step, attempt: attempt, level: sum.node.level, residue: sum.node.residue,
            examples: sum.tally.examples, correct: sum.tally.correct, loss: sum.tally.loss,
            checksum: checksum, timing: timing)
    }
}

extension TreeNode {
    /// The node that a partial sum's header names, whose numbers have been checked.
    init(_ sum: PartialSumHeader) { self.init(level: sum.level, residue: sum.residue) }
}
