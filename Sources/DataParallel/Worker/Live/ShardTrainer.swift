import Datasets
import Glibc
import Kernels
import NeuralNetwork
import Reduction
import Training
import ZeroMQ

/// A compute lane: an actor on a thread that computes the gradients of its slots' shards.
package actor ShardTrainer {
    package nonisolated let thread: EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    private let gradients: ShardGradients
    /// The processor to pin its thread to; nil once pinned.
    private var processor: Int?
    private var loaded: Frame?
    /// The sums of the last step; the array is reused once the worker has sent them.
    private var results: [PartialSum] = []

    package init(
        _ thread: EventLoop, on processor: Int?, _ architecture: Architecture, plan: BatchPlan,
        seed: UInt64,
        labelSmoothing: Double, kernels: any KernelSet.Type
    ) {
        self.processor = processor
        self.thread = thread
        gradients = ShardGradients(
            architecture, plan: plan, seed: seed, labelSmoothing: labelSmoothing, kernels: kernels)
    }

    /// A lane's result, and its start and end.
    package struct Work: Sendable {
        package let sums: Handover<[PartialSum]>
        let began: ContinuousClock.Instant
        let ended: ContinuousClock.Instant
    }

    /// The partial sums of the shards at `slots`, computed with `weights`.
    ///
    /// - Parameter spare: buffers of earlier sums for reuse.
    package func compute(
        _ slots: Range<Int>, step: Int, weights: Frame, shards: [Int: Shard],
        spare: Handover<[FloatBuffer]>
    ) -> Work {
        if let processor = processor.take() { Processors.keepThisThread(on: processor) }
        // The message that woke this lane may have preempted the coordinator's sending thread. Without a yield,
        // that thread, and so the other workers, would wait for the whole step.
        sched_yield()
        let began = ContinuousClock.now
        gradients.recycle(spare.value)
        if loaded !== weights {
            weights.withBytes { gradients.load($0) }
            loaded = weights
        }
        gradients.compute(slots: slots, step: step, shards: shards, into: &results)
        // An idle processor would slow down the coming round trip, even for other threads.
        thread.expectWork()
        return Work(sums: Handover(results), began: began, ended: .now)
    }
}
