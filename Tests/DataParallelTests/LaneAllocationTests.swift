import AllocationCounter
import DataParallel
import Datasets
import Kernels
import NeuralNetwork
import Reduction
import Testing
import ZeroMQ

@Suite(
    "A lane's thread allocates nothing in its steps",
    .enabled(if: are_allocations_counted(), "a sanitizer replaces the allocator"))
struct LaneAllocationTests {
    /// Reads the allocation counter on a lane's thread.
    private actor Counter {
        private let thread: EventLoop
        nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

        init(_ thread: EventLoop) { self.thread = thread }

        var allocations: Int { allocations_of_this_thread() }
    }

    /// Assigns work from its own thread, as a worker does.
    private actor Taskmaster {
        nonisolated let thread = EventLoop(name: "taskmaster")
        nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

        func carryOut(_ work: @Sendable () async throws -> Void) async throws { try await work() }
    }

    @Test("nor for the work it receives and the results it returns")
    func steps() async throws {
        let taskmaster = Taskmaster()
        try await taskmaster.carryOut { try await Self.steps(taskmaster) }
        await taskmaster.thread.stop()
    }

    private static func steps(_ taskmaster: isolated Taskmaster) async throws {
        let architecture = Architecture(
            cell: .lstm, imageRows: 4, imageColumns: 4, hiddenSize: 8, layers: 1, classes: 3)
        let plan = BatchPlan(examples: 640, batchSize: 16, shards: 4)
        let kernels = try Kernels.select(nil)
        let lane = ShardTrainer(
            EventLoop(name: "lane"), on: nil, architecture, plan: plan, seed: 0,
            labelSmoothing: 0,
            kernels: kernels)
        let counter = Counter(lane.thread)
        let shard = Shard(
            values: (0..<160 * 16).map { UInt8($0 % 251) }, labels: (0..<160).map { UInt8($0 % 3) })
        let shards = Dictionary(uniqueKeysWithValues: (0..<4).map { ($0, shard) })
        let weights = ParameterLayout(architecture).initialParameters(for: architecture, seed: 0)
        var spare: [FloatBuffer] = []
        var last = 0
        for step in 0..<plan.stepsPerEpoch {
            let frame = weights.withBytes { Frame(copying: $0) }
            let work = await lane.compute(
                0..<3, step: step, weights: frame, shards: shards, spare: Handover(spare))
            spare = work.sums.value.map(\.gradients)
            let allocations = await counter.allocations
            // The first steps allocate the buffers.
            if step > 3 { #expect(allocations == last, "in step \(step)") }
            last = allocations
        }
        await lane.thread.stop()
    }
}
