import Datasets
import Kernels
import NeuralNetwork
import Randomness
import Reduction
import Training

/// The lane of one of two workers: makes the step of ``ShardGradients``, as a whole or part by
/// part.
final class MeasuredLane {
    /// The parts of a step, in order.
    static let phases = [
        "weights", "convert", "forward", "loss", "backward", "parameter gradients", "reduce",
    ]
    private static let shardCount = 16
    private static let slots = 0..<shardCount / 2

    /// The slots with examples, each with its rows in the pass.
    private typealias Pass = [(slot: Int, rows: Range<Int>)]

    private let parameters: FloatBuffer
    private let shards: [Int: Shard]
    private let passes: [Pass]
    private let network: Network
    private var sums: ReductionTree
    private let whole: ShardGradients

    init(_ architecture: Architecture, rows: Int, kernels: any KernelSet.Type) {
        // The other lane has the other half of the batch.
        let plan = BatchPlan(
            examples: 2 * rows, batchSize: 2 * rows, shards: Self.shardCount)
        network = Network(architecture, capacity: ShardGradients.rowsPerPass, kernels: kernels)
        parameters = network.layout.initialParameters(for: architecture, seed: 0, .uniform)
        sums = ReductionTree(plan, parameterCount: network.layout.count, kernels: kernels)
        whole = ShardGradients(
            architecture, plan: plan, seed: 0, labelSmoothing: 0, kernels: kernels)
        var shards: [Int: Shard] = [:]
        var passes: [Pass] = []
        for slot in Self.slots {
            let shard = shard(atSlot: slot, of: plan.shards)
            let count = plan.examples(inShard: shard)
            shards[shard] = randomShard(architecture, count: count)
            guard count > 0 else { continue }
            if let last = passes.last?.last?.rows, ShardGradients.fits(count, behind: last) {
                passes[passes.count - 1].append((slot, last.upperBound..<last.upperBound + count))
            } else {
                passes.append([(slot, 0..<count)])
            }
        }
        self.shards = shards
        self.passes = passes
    }

    /// The number of additions that sum the shards' gradients.
    var additions: Int { (passes.joined().count - 1) * network.layout.count }

    /// Makes a step in parts, and returns the duration of each of the ``phases``.
    func stepInParts() -> [Duration] {
        var leaves: [PartialSum] = []
        let loading = time { parameters.withBytes { network.load($0) } }
        var times = Array(repeating: Duration.zero, count: 5)
        for pass in passes {
            for (phase, time) in timesOfParts(of: pass, into: &leaves).enumerated() {
                times[phase] += time
            }
        }
        return [loading] + times + [time { reduce(leaves) }]
    }

    private func timesOfParts(of pass: Pass, into leaves: inout [PartialSum]) -> [Duration] {
        let rows = pass.last?.rows.upperBound ?? 0
        var tallies: [Tally] = []
        return [
            time { setInputs(of: pass, rows) },
            time {
                let isSharing = ShardGradients.shares(pieces: pass.count, rows: rows)
                network.forward(rows: rows, sharing: isSharing)
            },
            time { tallies = pass.map { tally(of: $0.rows, slot: $0.slot) } },
            time { network.backward(rows: rows) },
            time {
                for (piece, tally) in zip(pass, tallies) {
                    leaves.append(leaf(of: piece.rows, rows, slot: piece.slot, tally))
                }
            },
        ]
    }

    /// Makes a step as training does, and returns its duration.
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

    private func setInputs(of pass: Pass, _ rows: Int) {
        let size = network.architecture.exampleByteCount
        for piece in pass {
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

    private func leaf(
        of part: Range<Int>, _ rows: Int, slot: Int, _ tally: Tally
    ) -> PartialSum {
        let gradients = sums.pool.take()
        network.addParameterGradients(of: part, rows: rows, to: gradients, isFirst: true)
        return PartialSum(
            node: TreeNode(leafAtSlot: slot, shards: Self.shardCount), tally: tally,
            gradients: gradients)
    }

    private func reduce(_ leaves: [PartialSum]) {
        sums.begin(step: 0)
        for leaf in leaves { sums.add(leaf) }
        for sum in sums.takeAll() { sums.pool.give(sum.gradients) }
    }
}

/// Examples of random bytes without blank time steps, so that each row computes all steps.
private func randomShard(_ architecture: Architecture, count: Int) -> Shard {
    var random = Philox(seed: 0, for: "benchmark examples")
    return Shard(
        values: (0..<count * architecture.exampleByteCount).map { _ in
            UInt8(truncatingIfNeeded: random.next32())
        },
        labels: (0..<count).map { _ in UInt8(random.below(architecture.classes)) })
}
