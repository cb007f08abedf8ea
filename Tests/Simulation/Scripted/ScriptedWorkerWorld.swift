import DataParallel
import Datasets
import KernelInterface
import NeuralNetwork
import Protocol
import Reduction

/// A world for a worker's driver in which a test or a fuzzer decides what arrives and when lanes finish.
///
/// It checks what must always hold: a lane computes one part at a time, and only with all its data present.
package final class ScriptedWorkerWorld: WorkerWorld {
    package typealias Frame = VirtualFrame

    package var now: Duration = .zero
    /// Whether the coordinator reads the worker's messages.
    package var hasRoom = true
    /// Whether sums that were sent wait for the network.
    package var isSending = false
    /// The messages sent, in order.
    package private(set) var sent: [WorkerMessage] = []
    /// The parts that lanes are computing.
    package private(set) var parts: [LanePart] = []
    /// Whether the driver waits for room.
    package private(set) var isWaitingForRoom = false
    package private(set) var events: [WorkerEvent] = []
    package private(set) var outcome: WorkerOutcome?
    /// The run's plan, while lanes exist.
    package private(set) var plan: BatchPlan?
    private var architecture: Architecture?

    package init() {}

    package func send(_ header: [UInt8], _ payload: [VirtualFrame]) -> Bool {
        guard hasRoom else { return false }
        guard let message = try? WorkerMessage.decode(header, payloadFrames: payload.count).message
        else { preconditionFailure("a worker sends what nobody understands") }
        sent.append(message)
        return true
    }

    package func retrySoon() { isWaitingForRoom = true }

    /// The driver's delay before it retries a send has passed.
    package func takeRetry() -> Bool {
        defer { isWaitingForRoom = false }
        return isWaitingForRoom
    }

    package func makeLanes(
        _ architecture: Architecture, _ plan: BatchPlan, seed: UInt64, labelSmoothing: Double
    ) {
        // Checks that the arithmetic of sizes does not overflow.
        _ = architecture.operations
        self.architecture = architecture
        self.plan = plan
    }

    package func removeLanes() {
        (architecture, plan) = (nil, nil)
        parts = []
    }

    package func compute(
        _ part: LanePart, weights: VirtualFrame, shards: [Int: Shard], spare: [FloatBuffer]
    ) {
        guard let plan, let architecture else { preconditionFailure("there are no lanes") }
        precondition(!parts.contains { $0.lane == part.lane }, "a lane computes two parts at once")
        precondition(part.step >= 0, "an impossible step")
        precondition(
            weights.byteCount == 4 * ParameterLayout(architecture).count, "weights of another size")
        for shard in part.slots.map({ shard(atSlot: $0, of: plan.shards) }) {
            let count = plan.examples(inShard: shard)
            let data = shards[shard] ?? Shard()
            precondition(
                data.labels.count == count
                    && data.values.count == count * architecture.exampleByteCount,
                "a computation without data, or with too much")
        }
        parts.append(part)
    }

    /// A lane finishes its part; its sums are zeros.
    package func takePart() -> (part: LanePart, sums: [PartialSum])? {
        guard let plan, let architecture, !parts.isEmpty else { return nil }
        let part = parts.removeFirst()
        let leaves = part.slots.map { TreeNode(leafAtSlot: $0, shards: plan.shards) }
        let sums = leaves.compactMap { leaf -> PartialSum? in
            let examples = plan.examples(under: leaf, step: part.step)
            guard examples > 0 else { return nil }
            let gradients = FloatBuffer(count: ParameterLayout(architecture).count)
            gradients.zero()
            return PartialSum(
                node: leaf, tally: Tally(examples: examples), gradients: gradients)
        }
        return (part, sums)
    }

    package func report(_ event: WorkerEvent) { events.append(event) }

    package func finish(_ outcome: WorkerOutcome) { self.outcome = outcome }
}
