import Datasets
import Glibc
import Kernels
import NeuralNetwork
import Reduction
import Training
import ZeroMQ

/// A compute lane: an actor on a thread that computes the shard gradients of its slots.
package actor ShardTrainer {
    package nonisolated let thread: EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    private let gradients: ShardGradients
    /// The processor that its thread is to stay on, until it does.
    private var processor: Int?
    private var loaded: Frame?
    /// The sums of the last step; its memory is used again once the worker has sent them.
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

    /// What a lane has computed, and when.
    package struct Work: Sendable {
        package let sums: Handover<[PartialSum]>
        let began: ContinuousClock.Instant
        let ended: ContinuousClock.Instant
    }

    /// The partial sums of the shards at `slots`, computed with the weights in `weights`.
    ///
    /// - Parameter spare: buffers of earlier sums, to be used again.
    package func compute(
        _ slots: Range<Int>, step: Int, weights: Frame, shards: [Int: Shard],
        spare: Handover<[FloatBuffer]>
    ) -> Work {
        if let processor = processor.take() { Processors.keepThisThread(on: processor) }
        // The coordinator's thread that sends weights may have been pushed aside by the message that
        // woke this lane; without a turn now, it would wait, and other workers with it, for the step.
        sched_yield()
        let began = ContinuousClock.now
        gradients.recycle(spare.value)
        if loaded !== weights {
            weights.withBytes { gradients.load($0) }
            loaded = weights
        }
        gradients.compute(slots: slots, step: step, shards: shards, into: &results)
        // An idle processor would make the round that now follows slower, even for other threads.
        thread.expectWork()
        return Work(sums: Handover(results), began: began, ended: .now)
    }
}
