import Datasets
import Kernels
import NeuralNetwork
import TestSupport
import Testing

@Suite("Shard gradients")
struct ShardGradientsTests {
    /// A batch size and a number of shards; sometimes a shard has more examples than a pass has rows.
    struct Case: Sendable, CustomTestStringConvertible {
        let batchSize: Int
        let shards: Int
        var testDescription: String { "\(batchSize) examples over \(shards) shards" }
    }

    private static let cases = [
        Case(batchSize: 128, shards: 16), Case(batchSize: 100, shards: 16),
        Case(batchSize: 10, shards: 16), Case(batchSize: 1_003, shards: 16),
        Case(batchSize: 300, shards: 2), Case(batchSize: 128, shards: 2),
        Case(batchSize: 129, shards: 1),
    ]

    @Test(
        "have the same sum with any number of workers and lanes, to the last bit",
        arguments: Kernels.supported, cases)
    func anySplit(kernels: any KernelSet.Type, testCase: Case) throws {
        let run = SmallRun(batchSize: testCase.batchSize, shards: testCase.shards, kernels)
        // The first step, one of the second epoch, and a last one, which may be shorter.
        try run.expectExactSums(
            steps: [0, run.steps, run.steps - 1], workers: 1...testCase.shards, lanes: [1, 2, 3])
    }

    @Test(
        "equal one pass over the step's examples, within rounding",
        arguments: Kernels.supported, cases)
    func plainSum(kernels: any KernelSet.Type, testCase: Case) throws {
        let run = SmallRun(
            batchSize: testCase.batchSize, shards: testCase.shards, labelSmoothing: 0.1, kernels)
        try run.expectPlainSums()
    }

    @Test(
        "have the same bits however many rows are computed side by side",
        arguments: Kernels.supported, cases)
    func groupings(kernels: any KernelSet.Type, testCase: Case) throws {
        try SmallRun.expectSameSumInAnyGrouping { grouping in
            SmallRun(
                batchSize: testCase.batchSize, shards: testCase.shards, labelSmoothing: 0.1,
                grouping: grouping, kernels)
        }
    }

    @Test("do not depend on earlier steps", arguments: Kernels.supported)
    func noMemory(kernels: any KernelSet.Type) throws {
        let run = SmallRun(batchSize: 300, shards: 4, kernels)
        let computer = run.computer()
        // Into the next epoch and back.
        for step in [0, 1, 2, 5, 3, 0] {
            let sums = computer.compute(slots: 0..<4, step: step, shards: run.shards)
            let fresh = run.computer().compute(slots: 0..<4, step: step, shards: run.shards)
            #expect(sums.map(\.node) == [.root] && fresh.map(\.node) == [.root])
            #expect(sums[0].gradients.values.bits == fresh[0].gradients.values.bits)
            #expect(sums[0].tally == fresh[0].tally)
            computer.recycle(sums.map(\.gradients))
        }
    }

    @Test("are empty for slots without examples in a step", arguments: Kernels.supported)
    func emptySlots(kernels: any KernelSet.Type) {
        let run = SmallRun(batchSize: 1, shards: 16, kernels)
        // Position 0 belongs to shard 0, which has slot 0.
        #expect(run.computer().compute(slots: 8..<16, step: 0, shards: run.shards).isEmpty)
        let sums = run.computer().compute(slots: 0..<8, step: 0, shards: run.shards)
        #expect(sums.map(\.node) == [.root])
    }

    @Test("have the same bits in every kernel set", arguments: cases)
    func agreement(testCase: Case) throws {
        try SmallRun.expectAgreement { kernels in
            SmallRun(batchSize: testCase.batchSize, shards: testCase.shards, kernels)
        }
    }

    @Test("change with label smoothing, but predictions do not", arguments: Kernels.supported)
    func smoothing(kernels: any KernelSet.Type) throws {
        let sums = try [0, 0.1].map { smoothing in
            let run = SmallRun(batchSize: 100, shards: 16, labelSmoothing: smoothing, kernels)
            return try run.sum(step: 0)
        }
        #expect(sums[0].gradients.values.bits != sums[1].gradients.values.bits)
        #expect(sums[0].tally.loss != sums[1].tally.loss)
        #expect(sums[0].tally.correct == sums[1].tally.correct)
    }

    @Test("use other examples with another seed", arguments: Kernels.supported)
    func seeds(kernels: any KernelSet.Type) throws {
        let sums = try [UInt64(0), 1].map { seed in
            let run = SmallRun(batchSize: 100, shards: 16, seed: seed, kernels)
            return try run.sum(step: 0).gradients.values.bits
        }
        #expect(sums[0] != sums[1])
    }
}
