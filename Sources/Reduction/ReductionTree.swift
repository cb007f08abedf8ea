import Kernels

/// The partial sums of one step, merged as soon as two siblings are present.
///
/// The tree alone decides which sums are added, and IEEE addition commutes, so the order of arrival
/// changes no bit. A sibling without examples in this step is skipped: adding nothing, rather than
/// zeros, keeps even the sign of a zero.
public struct ReductionTree {
    private let plan: BatchPlan
    private let kernels: any KernelSet.Type
    private var step = 0
    private var sums: [TreeNode: PartialSum] = [:]
    /// Takes merged buffers back and supplies new ones.
    public var pool: BufferPool

    /// An empty tree for the steps of a plan, for gradients of `parameterCount` values.
    public init(_ plan: BatchPlan, parameterCount: Int, kernels: any KernelSet.Type) {
        self.plan = plan
        self.kernels = kernels
        pool = BufferPool(size: parameterCount)
    }

    /// Drops all sums and begins the run's step `step`.
    public mutating func begin(step: Int) {
        for sum in sums.values { pool.give(sum.gradients) }
        sums.removeAll(keepingCapacity: true)
        self.step = step
    }

    /// Adds a sum; its examples must not overlap with those of any other.
    public mutating func add(_ sum: PartialSum) {
        var sum = sum
        while let parent = sum.node.parent, let sibling = sum.node.sibling {
            if let other = sums.removeValue(forKey: sibling) {
                kernels.add(other.gradients.vector, into: sum.gradients.vector)
                sum.tally += other.tally
                pool.give(other.gradients)
            } else if plan.examples(under: sibling, step: step) > 0 {
                break
            }
            sum.node = parent
        }
        sums[sum.node] = sum
    }

    /// Adds a sum whose gradients are a little-endian float32 payload.
    public mutating func add(_ node: TreeNode, tally: Tally, payload: RawSpan) {
        if let parent = node.parent, let sibling = node.sibling,
            var sum = sums.removeValue(forKey: sibling)
        {
            kernels.add(payload: payload, into: sum.gradients.vector)
            sum.tally += tally
            sum.node = parent
            return add(sum)
        }
        let gradients = pool.take()
        gradients.copy(from: payload)
        add(PartialSum(node: node, tally: tally, gradients: gradients))
    }

    /// Takes out all sums: as few nodes as the tree allows, in no particular order.
    public mutating func takeAll() -> [PartialSum] {
        var all: [PartialSum] = []
        takeAll(into: &all)
        return all
    }

    /// Takes out all sums and replaces the contents of `all` with them.
    public mutating func takeAll(into all: inout [PartialSum]) {
        all.removeAll(keepingCapacity: true)
        for sum in sums.values { all.append(sum) }
        sums.removeAll(keepingCapacity: true)
    }

    /// Takes out the sum over all shards, if it is complete.
    public mutating func takeRoot() -> PartialSum? { sums.removeValue(forKey: .root) }
}
