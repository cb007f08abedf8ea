import Datasets
import Hashing
import Kernels
import Protocol
import Training

/// Computes partial sums on the coordinator's own machine, to tell which of two answers is right.
final class Arbiter {
    private let job: Job
    /// Made when it is first needed, which in most runs is never.
    private lazy var gradients = ShardGradients(
        job.architecture, plan: job.plan, seed: job.configuration.seed,
        labelSmoothing: job.configuration.labelSmoothing, kernels: job.kernels)

    init(_ job: Job) { self.job = job }

    /// The headers of the right partial sums of `slots` in a step that is made with `parameters`.
    func answers(to slots: Range<Int>, step: Int, parameters: FloatBuffer) -> [PartialSumHeader] {
        parameters.withBytes { gradients.load($0) }
        let sums = gradients.compute(slots: slots, step: step, shards: shards(at: slots))
        gradients.recycle(sums.map(\.gradients))
        return sums.map { PartialSumHeader($0, step: step) }
    }

    private func shards(at slots: Range<Int>) -> [Int: Shard] {
        let ids = slots.map { shard(atSlot: $0, of: job.plan.shards) }
        let shards = ids.map { id in
            job.deal.examples(
                0..<job.plan.examples(inShard: id), ofShard: id, from: job.dataset.train)
        }
        return Dictionary(uniqueKeysWithValues: zip(ids, shards))
    }
}

extension PartialSumHeader {
    /// The announcement of a partial sum of a step.
    init(_ sum: PartialSum, step: Int) {
        self.init(
            step: step, level: sum.node.level, residue: sum.node.residue,
            examples: sum.tally.examples, correct: sum.tally.correct, loss: sum.tally.loss,
            checksum: sum.gradients.withBytes { bytes in
                bytes.withUnsafeBytes { XXH3.hash64($0) }
            })
    }
}
