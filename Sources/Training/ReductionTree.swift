import Bounds
import Kernels

/// The sum of the gradients, losses and hits of the examples under one node of the tree.
public struct PartialSum {
    /// What the sum covers.
    public var node: TreeNode
    /// Losses, hits and examples.
    public var tally: Tally
    /// The summed parameter gradients, in the layout of the parameters.
    public var gradients: FloatBuffer

    /// Makes a partial sum.
    public init(node: TreeNode, tally: Tally, gradients: FloatBuffer) {
        self.node = node
        self.tally = tally
        self.gradients = gradients
    }
}

/// What is counted beside the gradients.
public struct Tally: Sendable, Equatable, Codable {
    /// The examples.
    public var examples = 0
    /// Those whose most likely class was the label.
    public var correct = 0
    /// The summed cross entropy, in nats.
    public var loss = 0.0

    /// Makes a tally of given numbers, by default of nothing.
    public init(examples: Int = 0, correct: Int = 0, loss: Double = 0) {
        self.examples = examples
        self.correct = correct
        self.loss = loss
    }

    /// Reads a tally and checks its limits.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        examples = try values.decode(Bounded<ExampleCount>.self, forKey: .examples).wrappedValue
        correct = try values.decode(Bounded<ExampleCount>.self, forKey: .correct).wrappedValue
        loss = try values.decode(Bounded<LossSum>.self, forKey: .loss).wrappedValue
    }

    /// The mean cross entropy, in nats.
    public var meanLoss: Double { loss / Double(max(examples, 1)) }

    /// The share of hits, 0 to 1.
    public var accuracy: Double { Double(correct) / Double(max(examples, 1)) }

    /// Adds another tally.
    public static func += (left: inout Tally, right: Tally) {
        left.examples += right.examples
        left.correct += right.correct
        left.loss += right.loss
    }
}

/// Gradient buffers that are not in use, kept so that steps allocate none.
public struct BufferPool {
    private let size: Int
    private var free: [FloatBuffer] = []

    /// A pool of buffers of `size` values.
    public init(size: Int) { self.size = size }

    /// A buffer with arbitrary contents.
    public mutating func take() -> FloatBuffer { free.popLast() ?? FloatBuffer(count: size) }

    /// Takes a buffer back.
    public mutating func give(_ buffer: FloatBuffer) { free.append(buffer) }

    /// Hands over all buffers that are not in use.
    public mutating func takeAll() -> [FloatBuffer] {
        defer { free.removeAll(keepingCapacity: true) }
        return free
    }
}

/// The partial sums of one step, merged as soon as two siblings are there.
///
/// Which sums are added is decided by the tree alone and IEEE addition commutes, so the order of
/// arrival changes no bit. A sibling without examples in this step is passed over: adding nothing,
/// rather than zeros, keeps even the sign of a zero.
public struct ReductionTree {
    private let plan: BatchPlan
    private let kernels: any KernelSet.Type
    private var step = 0
    private var sums: [TreeNode: PartialSum] = [:]
    /// Where merged buffers go and new ones come from.
    public var pool: BufferPool

    /// An empty collection for the steps of a plan, of gradients of `parameterCount` values.
    public init(_ plan: BatchPlan, parameterCount: Int, kernels: any KernelSet.Type) {
        self.plan = plan
        self.kernels = kernels
        pool = BufferPool(size: parameterCount)
    }

    /// Forgets all sums and begins with the run's step `step`.
    public mutating func begin(step: Int) {
        for sum in sums.values { pool.give(sum.gradients) }
        sums.removeAll(keepingCapacity: true)
        self.step = step
    }

    /// Adds a sum that covers nothing which another already covers.
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

    /// Takes out what is there: as few nodes as the tree allows, in no special order.
    public mutating func takeAll() -> [PartialSum] {
        var all: [PartialSum] = []
        takeAll(into: &all)
        return all
    }

    /// Takes out what is there and puts it in the place of what `all` holds.
    public mutating func takeAll(into all: inout [PartialSum]) {
        all.removeAll(keepingCapacity: true)
        for sum in sums.values { all.append(sum) }
        sums.removeAll(keepingCapacity: true)
    }

    /// Takes out the sum over all shards, if it is complete.
    public mutating func takeRoot() -> PartialSum? { sums.removeValue(forKey: .root) }
}
