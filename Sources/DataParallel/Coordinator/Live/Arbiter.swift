import Datasets
import Kernels
import Reduction
import Training
import ZeroMQ

/// Computes partial sums on the coordinator's own machine, to settle which of two answers is right, or to
/// replace a second copy that no other member can compute.
///
/// It runs on its own thread, so that the coordinator can handle signals and workers meanwhile.
actor Arbiter {
    nonisolated let thread = EventLoop(name: "tern-arbiter")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let job: Job
    private let gradients: ShardGradients
    /// The data of the shards that were computed so far.
    private var shards: [Int: Shard] = [:]

    init(_ job: Job) {
        self.job = job
        gradients = ShardGradients(job)
    }

    /// The correct partial sums of `slots` in a step with `parameters`.
    func answers(to slots: Range<Int>, step: Int, parameters: Snapshot) -> [SumBits] {
        for slot in slots where shards[shard(atSlot: slot, of: job.plan.shards)] == nil {
            shards.merge(job.shards(at: slot..<slot + 1)) { first, _ in first }
        }
        parameters.withBytes { gradients.load($0) }
        let sums = gradients.compute(slots: slots, step: step, shards: shards)
        defer { gradients.recycle(sums.map(\.gradients)) }
        return sums.map { SumBits($0) }
    }
}
