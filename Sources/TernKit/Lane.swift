import Datasets
import KernelInterface
import NeuralNetwork
import Reduction
import Training

/// One thread's part of each step and each test.
actor Lane {
    private let slots: Range<Int>
    private let shards: [Int: Shard]
    private let gradients: ShardGradients
    private let evaluator: Evaluator
    private let test: ExampleSet
    private let tests: Range<Int>

    /// Lane `index` of `count`, with its part of the shards and of the test set.
    init(_ index: Int, of count: Int, _ job: Job) {
        slots = (0..<job.plan.shards).part(index, of: count)
        shards = job.shards(at: slots)
        gradients = ShardGradients(job)
        evaluator = Evaluator(job.architecture, kernels: job.kernels)
        test = job.dataset.test
        tests = (0..<test.count).part(index, of: count)
    }

    /// The partial sums of this lane's slots.
    ///
    /// - Parameter spare: buffers of earlier sums to reuse.
    func partialSums(
        _ parameters: Snapshot, step: Int, spare: Handover<[FloatBuffer]>
    ) -> Handover<[PartialSum]> {
        gradients.recycle(spare.value)
        parameters.withBytes { gradients.load($0) }
        return Handover(gradients.compute(slots: slots, step: step, shards: shards))
    }

    /// The losses of this lane's part of the test set.
    func losses(_ parameters: Snapshot) -> [ExampleLoss] {
        parameters.withBytes { evaluator.load($0) }
        return evaluator.losses(of: tests, in: test)
    }
}
