import Datasets
import Kernels
import NeuralNetwork
import Randomness
import Training

/// One of two workers' lanes: makes the same step as ``ShardGradients``, or one part after another.
final class MeasuredLane {
    /// The parts of a step, in their order.
    static let phases = [
        "weights", "convert", "forward", "loss", "backward", "parameter gradients", "reduce",
    ]
    private static let shardCount = 16
    private static let slots = 0..<shardCount / 2

    private let rows: Int
    private let parameters: FloatBuffer
    private let shards: [Int: Shard]
    /// The slots that have examples, each with the rows of the pass that hold them.
    private let pieces: [(slot: Int, rows: Range<Int>)]
    private let network: Network
    private var sums: PartialSums
    private let whole: ShardGradients

    init(_ architecture: Architecture, rows: Int, kernels: any KernelSet.Type) {
        self.rows = rows
        // The other lane has the other half of the batch.
        let plan = BatchPlan(
            examples: 2 * rows, batchSize: 2 * rows, shards: Self.shardCount)
        network = Network(architecture, capacity: rows, kernels: kernels)
        parameters = network.layout.initialParameters(for: architecture, seed: 0, .uniform)
        sums = PartialSums(plan, parameterCount: network.layout.count, kernels: kernels)
        whole = ShardGradients(
            architecture, plan: plan, seed: 0, labelSmoothing: 0, kernels: kernels)
        var shards: [Int: Shard] = [:]
        var pieces: [(slot: Int, rows: Range<Int>)] = []
        for slot in Self.slots {
            let shard = shard(atSlot: slot, of: plan.shards)
            let count = plan.examples(inShard: shard)
            let first = pieces.last?.rows.upperBound ?? 0
            shards[shard] = randomShard(architecture, count: count)
            if count > 0 { pieces.append((slot, first..<first + count)) }
        }
        self.shards = shards
        self.pieces = pieces
    }

    /// The additions by which the pieces' gradients become one sum.
    var additions: Int { (pieces.count - 1) * network.layout.count }

    /// Makes a step, and tells how long each of the ``phases`` took.
    func stepInParts() -> [Duration] {
        var tallies: [Tally] = []
        var leaves: [PartialSum] = []
        return [
            time { parameters.withBytes { network.load($0) } },
            time { setInputs() },
            time { network.forward(rows: rows) },
            time { tallies = pieces.map { tally(of: $0.rows, slot: $0.slot) } },
            time { network.backward(rows: rows) },
            time {
                for (piece, tally) in zip(pieces, tallies) { leaves.append(leaf(piece, tally)) }
            },
            time { reduce(leaves) },
        ]
    }

    /// Makes a step as training does, and tells how long it took.
    func wholeStep() -> Duration {
        time {
            parameters.withBytes { whole.load($0) }
            let sums = whole.compute(slots: Self.slots, step: 0, shards: shards)
            whole.recycle(sums.map(\.gradients))
        }
    }

    private func time(_ work: () -> Void) -> Duration {
        let start = ContinuousClock.now
        work()
        return ContinuousClock.now - start
    }

    // MARK: - The parts

    private func setInputs() {
        let size = network.architecture.exampleByteCount
        for piece in pieces {
            let values = shards[shard(atSlot: piece.slot, of: Self.shardCount), default: Shard()]
                .values
            for (index, row) in piece.rows.enumerated() {
                let bytes = values.span.extracting(index * size..<(index + 1) * size).bytes
                network.setInput(bytes, row: row, of: rows)
            }
        }
    }

    private func tally(of rows: Range<Int>, slot: Int) -> Tally {
        let labels = shards[shard(atSlot: slot, of: Self.shardCount), default: Shard()].labels
        var tally = Tally()
        for (row, label) in zip(rows, labels) { tally += network.loss(row: row, label: Int(label)) }
        return tally
    }

    private func leaf(_ piece: (slot: Int, rows: Range<Int>), _ tally: Tally) -> PartialSum {
        let gradients = sums.pool.take()
        network.addParameterGradients(of: piece.rows, rows: rows, to: gradients, isFirst: true)
        return PartialSum(
            node: TreeNode(leafAtSlot: piece.slot, shards: Self.shardCount), tally: tally,
            gradients: gradients)
    }

    private func reduce(_ leaves: [PartialSum]) {
        sums.begin(step: 0)
        for leaf in leaves { sums.add(leaf) }
        for sum in sums.takeAll() { sums.pool.give(sum.gradients) }
    }
}

/// Examples of random bytes; what they show changes no time.
private func randomShard(_ architecture: Architecture, count: Int) -> Shard {
    var random = Philox(seed: 0, for: "benchmark examples")
    return Shard(
        values: (0..<count * architecture.exampleByteCount).map { _ in
            UInt8(truncatingIfNeeded: random.next32())
        },
        labels: (0..<count).map { _ in UInt8(random.below(architecture.classes)) })
}
