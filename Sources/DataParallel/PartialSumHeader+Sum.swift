import Protocol
import Reduction

// Connects the protocol's headers to sums, because the protocol knows neither trees nor tallies.

extension PartialSumHeader {
    /// The header of a step's sum whose gradients have this checksum.
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
    /// The node in a partial sum's header, whose numbers have been checked.
    init(_ sum: PartialSumHeader) { self.init(level: sum.level, residue: sum.residue) }
}
