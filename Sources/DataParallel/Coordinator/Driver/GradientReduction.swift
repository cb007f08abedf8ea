import Kernels
import Reduction
import Training

/// Reduces the partial sums of a step to the sum over all shards.
package protocol GradientReduction<Frame> {
    /// The frame that carries gradients.
    associatedtype Frame: PayloadFrame

    /// Begins or restarts a step; earlier sums are discarded.
    mutating func begin(step: Int)
    /// Adds a sum that covers only uncovered slots.
    mutating func add(_ sum: VerifiedSum<Frame>)
    /// Removes and returns the sum over all shards, if it is complete.
    mutating func takeRoot() -> PartialSum?
    /// Reuses the memory of a sum after its update.
    mutating func recycle(_ gradients: FloatBuffer)
}

/// A reduction by a tree, which fixes the order of additions.
package struct TreeReduction<Frame: PayloadFrame>: GradientReduction {
    private var sums: ReductionTree

    /// A reduction of the steps of a job.
    package init(_ job: Job, parameterCount: Int) {
        sums = ReductionTree(job.plan, parameterCount: parameterCount, kernels: job.kernels)
    }

    package mutating func begin(step: Int) { sums.begin(step: step) }

    package mutating func add(_ sum: VerifiedSum<Frame>) {
        sum.gradients.withBytes { sums.add(TreeNode(sum.header), tally: sum.tally, payload: $0) }
    }

    package mutating func takeRoot() -> PartialSum? { sums.takeRoot() }

    package mutating func recycle(_ gradients: FloatBuffer) { sums.pool.give(gradients) }
}
