import AllocationCounter
import Datasets
import KernelInterface
import Kernels
import NeuralNetwork
import Reduction
import TestSupport
import Testing
import Training

@Suite(
    "A lane's steps",
    .enabled(if: are_allocations_counted(), "a sanitizer replaces the allocator"))
struct AllocationTests {
    static let forms = [
        Architecture(imageRows: 6, imageColumns: 5, hiddenSize: 20, layers: 1, classes: 4),
        Architecture(
            cell: .lstm, imageRows: 6, imageColumns: 5, hiddenSize: 9, layers: 2,
            isBidirectional: true, dropout: 0.3, readout: .mean, classes: 4),
        Architecture(
            cell: .gru, imageRows: 6, imageColumns: 5, sequence: .permuted, hiddenSize: 9,
            layers: 1,
            classes: 4),
        Architecture(
            cell: .gru, imageRows: 12, imageColumns: 8, convolutions: [3, 2], hiddenSize: 9,
            layers: 1, classes: 4),
    ]

    @Test(
        "allocate nothing after the first step of an epoch", arguments: forms, RowGrouping.allCases)
    func steps(architecture: Architecture, grouping: RowGrouping) {
        for kernels in Kernels.supported { expectNone(architecture, grouping, kernels) }
    }

    private func expectNone(
        _ architecture: Architecture, _ grouping: RowGrouping, _ kernels: any KernelSet.Type
    ) {
        let plan = BatchPlan(examples: 4_000, batchSize: 100, shards: 8)
        let lane = ShardGradients(
            architecture, plan: plan, seed: 0, labelSmoothing: 0.1, grouping: grouping,
            kernels: kernels)
        let examples = randomImages(500, for: architecture, seed: 1)
        let shards = Dictionary(
            uniqueKeysWithValues: (0..<8).map {
                ($0, Shard(values: examples.values, labels: examples.labels))
            })
        let parameters = randomParameters(architecture)
        var sums: [PartialSum] = []
        var spare: [FloatBuffer] = []
        spare.reserveCapacity(16)
        for step in 0..<plan.stepsPerEpoch {
            let before = allocations_of_this_thread()
            parameters.withBytes { lane.load($0) }
            lane.compute(slots: 1..<7, step: step, shards: shards, into: &sums)
            for sum in sums { spare.append(sum.gradients) }
            lane.recycle(spare)
            spare.removeAll(keepingCapacity: true)
            let allocations = allocations_of_this_thread() - before
            if step > 0 { #expect(allocations == 0, "in step \(step)") }
        }
    }

    @Test("are checked with a counter that detects allocations")
    func counter() {
        let before = allocations_of_this_thread()
        withExtendedLifetime(FloatBuffer(count: 100)) {}
        #expect(allocations_of_this_thread() > before)
    }
}
