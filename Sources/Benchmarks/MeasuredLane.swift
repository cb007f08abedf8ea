import Datasets
import Kernels
import NeuralNetwork
import Randomness
import Reduction
import Training
import ZeroMQ

/// The lane of one of two workers: makes a step, and measures its parts.
final class MeasuredLane {
    private static let shardCount = 16
    private static let slots = 0..<shardCount / 2

    private let parameters: FloatBuffer
    private let shards: [Int: Shard]
    private let gradients: ShardGradients
    /// The number of additions that sum the shards' gradients; nil if the products make most of them.
    let additions: Int?

    init(_ architecture: Architecture, rows: Int, kernels: any KernelSet.Type) {
        // The other lane has the other half of the batch.
        let plan = BatchPlan(
            examples: 2 * rows, batchSize: 2 * rows, shards: Self.shardCount)
        let layout = ParameterLayout(architecture)
        parameters = layout.initialParameters(for: architecture, seed: 0, .uniform)
        gradients = ShardGradients(
            architecture, plan: plan, seed: 0, labelSmoothing: 0, kernels: kernels)
        var shards: [Int: Shard] = [:]
        for slot in Self.slots {
            let shard = shard(atSlot: slot, of: plan.shards)
            shards[shard] = randomShard(architecture, count: plan.examples(inShard: shard))
        }
        self.shards = shards
        let leaves = shards.values.count { !$0.labels.isEmpty }
        additions = RowGrouping(architecture) == .single ? (leaves - 1) * layout.count : nil
    }

    /// Makes a step, and returns the time of loading the weights and of each ``StepPhase``.
    func stepInParts() -> [Duration] {
        let loading = time { parameters.withBytes { gradients.load($0) } }
        var times = Array(repeating: Duration.zero, count: StepPhase.allCases.count)
        compute { phase, work in times[phase.rawValue] += time(work) }
        return [loading] + times
    }

    /// Makes a step as training does, and returns its time.
    func wholeStep() -> Duration {
        time {
            parameters.withBytes { gradients.load($0) }
            compute { $1() }
        }
    }

    private func compute(_ perform: (StepPhase, () -> Void) -> Void) {
        var sums: [PartialSum] = []
        gradients.compute(slots: Self.slots, step: 0, shards: shards, into: &sums, perform)
        gradients.recycle(sums.map(\.gradients))
    }

    private func time(_ work: () -> Void) -> Duration {
        let start = NativeThread.processorTime
        work()
        return NativeThread.processorTime - start
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
