import Datasets
import Hashing
import Kernels
import Protocol
import Training

/// Computes partial sums on the coordinator's own machine, to tell which of two answers is right.
final class Arbiter {
    private let job: Job
    /// Made when it is first needed, which in most runs is never.
    private lazy var gradients = ShardGradients(job)

    init(_ job: Job) { self.job = job }

    /// The headers of the right partial sums of `slots` in a step that is made with `parameters`.
    func answers(to slots: Range<Int>, step: Int, parameters: FloatBuffer) -> [PartialSumHeader] {
        parameters.withBytes { gradients.load($0) }
        let sums = gradients.compute(slots: slots, step: step, shards: job.shards(at: slots))
        gradients.recycle(sums.map(\.gradients))
        return sums.map { sum in
            let checksum = sum.gradients.withBytes { bytes in
                bytes.withUnsafeBytes { XXH3.hash64($0) }
            }
            return PartialSumHeader(sum, step: step, checksum: checksum)
        }
    }
}
