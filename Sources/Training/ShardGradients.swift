import Datasets
import Kernels
import NeuralNetwork

/// Computes shard gradients: what one lane of a worker does.
///
/// A shard gradient is the sum over the shard's examples of this step. It is a pure function of
/// (parameters, step, shard): rows of several shards share the products of a pass, but the parameter
/// gradients are summed for each shard apart, in pieces of a fixed size.
public final class ShardGradients {
    /// The rows of one pass, and the most examples that a shard's sum takes up at a time.
    ///
    /// Fixed for good: another size would be another order of additions in shards with more examples.
    package static let rowsPerPass = 64

    private let network: Network
    private let plan: BatchPlan
    private let seed: UInt64
    private let labelSmoothing: Double
    private let kernels: any KernelSet.Type
    private var sums: PartialSums
    private var orders: [Int: (epoch: Int, indices: [Int32])] = [:]
    private var pass: [Piece] = []
    private var openLeaf: PartialSum?

    /// Examples of one shard that share a pass with those of others.
    private struct Piece {
        let slot: Int
        let shard: Int
        /// The rows of the pass that hold the examples.
        let rows: Range<Int>
        /// The examples, as indices into the shard.
        let examples: [Int32]
        /// Whether the shard's sum is complete with this piece.
        let isLast: Bool
    }

    /// Makes the computer of one lane.
    public init(
        _ architecture: Architecture, plan: BatchPlan, seed: UInt64, labelSmoothing: Double,
        kernels: any KernelSet.Type
    ) {
        network = Network(architecture, capacity: Self.rowsPerPass, kernels: kernels)
        self.plan = plan
        self.seed = seed
        self.labelSmoothing = labelSmoothing
        self.kernels = kernels
        sums = PartialSums(plan, parameterCount: network.layout.count, kernels: kernels)
    }

    /// Takes over the parameters, little-endian float32 values in the layout's order.
    public func load(_ parameters: RawSpan) { network.load(parameters) }

    /// Takes back the buffers of sums that have been sent.
    public func recycle(_ buffers: [FloatBuffer]) {
        for buffer in buffers { sums.pool.give(buffer) }
    }

    /// The partial sums of the shards at `slots` for the run's step `step`.
    ///
    /// - Parameter shards: the data of at least these shards, by shard.
    public func compute(slots: Range<Int>, step: Int, shards: [Int: Shard]) -> [PartialSum] {
        sums.begin(step: step)
        for slot in slots {
            let shard = shard(atSlot: slot, of: plan.shards)
            var rest = order(ofShard: shard, step: step)[plan.indices(ofShard: shard, step: step)]
            while !rest.isEmpty {
                let examples = Array(rest.prefix(Self.rowsPerPass))
                rest = rest.dropFirst(examples.count)
                var first = pass.last?.rows.upperBound ?? 0
                if first + examples.count > Self.rowsPerPass {
                    runPass(step: step, shards: shards)
                    first = 0
                }
                pass.append(
                    Piece(
                        slot: slot, shard: shard, rows: first..<first + examples.count,
                        examples: examples, isLast: rest.isEmpty))
            }
        }
        runPass(step: step, shards: shards)
        return sums.takeAll()
    }

    private func runPass(step: Int, shards: [Int: Shard]) {
        guard let rows = pass.last?.rows.upperBound else { return }
        for piece in pass { setInput(piece, rows: rows, shards: shards) }
        network.forward(rows: rows, dropping: draws(step: step))
        let tallies = pass.map { lossTally(of: $0, shards: shards) }
        network.backward(rows: rows)
        for (piece, tally) in zip(pass, tallies) {
            var leaf = openLeaf ?? emptyLeaf(slot: piece.slot)
            network.addParameterGradients(of: piece.rows, rows: rows, to: leaf.gradients)
            leaf.tally += tally
            openLeaf = piece.isLast ? nil : leaf
            if piece.isLast { sums.add(leaf) }
        }
        pass.removeAll(keepingCapacity: true)
    }

    /// Whose draw decides what each row drops; none where nothing is dropped.
    private func draws(step: Int) -> [DropoutDraw] {
        guard network.architecture.dropout > 0 else { return [] }
        return pass.flatMap { piece in
            piece.examples.map { example in
                DropoutDraw(seed: seed, step: step, shard: piece.shard, example: Int(example))
            }
        }
    }

    private func setInput(_ piece: Piece, rows: Int, shards: [Int: Shard]) {
        let size = network.architecture.exampleByteCount
        let shard = shards[piece.shard, default: Shard()]
        let values = shard.values.span
        for (row, example) in zip(piece.rows, piece.examples) {
            let first = Int(example) * size
            network.setInput(values.extracting(first..<first + size).bytes, row: row, of: rows)
        }
    }

    private func lossTally(of piece: Piece, shards: [Int: Shard]) -> Tally {
        var tally = Tally(examples: piece.rows.count)
        let labels = shards[piece.shard, default: Shard()].labels
        for (row, example) in zip(piece.rows, piece.examples) {
            let label = Int(labels[Int(example)])
            let result = network.loss(row: row, label: label, smoothing: labelSmoothing)
            tally.loss += Double(result.loss)
            tally.correct += result.isCorrect ? 1 : 0
        }
        return tally
    }

    private func emptyLeaf(slot: Int) -> PartialSum {
        let gradients = sums.pool.take()
        gradients.zero()
        let node = TreeNode(leafAtSlot: slot, shards: plan.shards)
        return PartialSum(node: node, tally: Tally(), gradients: gradients)
    }

    private func order(ofShard shard: Int, step: Int) -> [Int32] {
        let epoch = plan.epoch(ofStep: step)
        if let order = orders[shard], order.epoch == epoch { return order.indices }
        let indices = ShardDeal.order(
            ofShard: shard, count: plan.examples(inShard: shard), epoch: epoch, seed: seed)
        orders[shard] = (epoch, indices)
        return indices
    }
}
