/// Which examples each step takes from each shard: the arithmetic of positions.
///
/// Position `p` of an epoch belongs to shard `p mod S`, at index `p div S` of the shard's order.
/// Step `t` of an epoch takes the positions from `t * B` on; `B` is the global batch size, and the
/// last step may be shorter. So an epoch uses each example exactly once.
public struct BatchPlan: Sendable, Equatable {
    /// The examples of the data set.
    public let examples: Int
    /// The examples of one step, over all workers.
    public let batchSize: Int
    /// The shards, a power of two.
    public let shards: Int

    /// Makes the plan of a run.
    public init(examples: Int, batchSize: Int, shards: Int) {
        precondition(batchSize > 0 && batchSize <= examples, "a batch must fit the data set")
        precondition(shards > 0 && shards & (shards - 1) == 0, "shards must be a power of two")
        self.examples = examples
        self.batchSize = batchSize
        self.shards = shards
    }

    /// The steps of one epoch.
    public var stepsPerEpoch: Int { (examples + batchSize - 1) / batchSize }

    /// The epoch, counted from 0, that the run's step `step` belongs to.
    public func epoch(ofStep step: Int) -> Int { step / stepsPerEpoch }

    /// The positions that the run's step `step` takes from its epoch.
    public func positions(ofStep step: Int) -> Range<Int> {
        let first = step % stepsPerEpoch * batchSize
        return first..<min(first + batchSize, examples)
    }

    /// The indices into a shard's order that the run's step `step` takes.
    public func indices(ofShard shard: Int, step: Int) -> Range<Int> {
        let positions = positions(ofStep: step)
        let first = Self.multiples(of: shards, from: shard, below: positions.lowerBound)
        return first..<Self.multiples(of: shards, from: shard, below: positions.upperBound)
    }

    /// The number of examples under a node of the reduction tree in the run's step `step`.
    public func examples(under node: TreeNode, step: Int) -> Int {
        let stride = 1 << node.level
        let positions = positions(ofStep: step)
        return Self.multiples(of: stride, from: node.residue, below: positions.upperBound)
            - Self.multiples(of: stride, from: node.residue, below: positions.lowerBound)
    }

    /// The examples of one shard.
    public func examples(inShard shard: Int) -> Int {
        Self.multiples(of: shards, from: shard, below: examples)
    }

    /// How many of the numbers first, first + stride, first + 2 stride and so on are below `limit`.
    private static func multiples(of stride: Int, from first: Int, below limit: Int) -> Int {
        max(0, (limit - first + stride - 1) / stride)
    }
}
