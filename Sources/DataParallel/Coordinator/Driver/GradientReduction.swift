import Kernels
import Reduction
import Training

/// Adds the partial sums of a step up to the sum over all shards.
package protocol GradientReduction<Frame> {
    /// What gradients come in.
    associatedtype Frame: PayloadFrame

    /// A step begins, perhaps anew: sums of before are forgotten.
    mutating func begin(step: Int)
    /// Adds a sum that covers nothing which another already covers.
    mutating func add(_ sum: VerifiedSum<Frame>)
    /// Takes out the sum over all shards, if it is complete.
    mutating func takeRoot() -> PartialSum?
    /// Takes the memory of a sum back, once its update is made.
    mutating func recycle(_ gradients: FloatBuffer)
}

/// The reduction by the tree that fixes the order of additions.
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
