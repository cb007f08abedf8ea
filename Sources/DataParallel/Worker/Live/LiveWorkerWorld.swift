import Datasets
import Kernels
import NeuralNetwork
import Reduction
import ZeroMQ

/// The world in which a worker's driver trains: a socket, and lanes on threads.
///
/// It belongs to the worker, and all its methods run on the worker's thread.
package final class LiveWorkerWorld: WorkerWorld {
    package typealias Frame = ZeroMQ.Frame

    /// The most operations of a step for which lanes compute on the socket's thread, for one lane and for
    /// several: switching threads twice would take longer than others wait, or than the step.
    private static let briefStep = (ofOneLane: 1e9, ofSeveral: 1e7)

    weak var worker: Worker?
    /// The connection to the coordinator, once the worker has dialled.
    var connection: WorkerSocket?

    private let thread: EventLoop
    private let laneCount: Int
    /// The processor of each lane; empty if Linux chooses.
    private let processors: [Int]
    private let kernels: any KernelSet.Type
    private let log: @Sendable (WorkerEvent) -> Void
    private let start = ContinuousClock.now

    /// The gradients that frames share, until libzmq has sent them.
    private var lent: [(gradients: FloatBuffer, use: FrameUse)] = []
    private var lanes: [ShardTrainer] = []
    /// The running computations of the lanes.
    private var computations: [Task<Void, Never>] = []
    /// The task that ends removed lanes.
    private var retirement: Task<Void, Never>?

    init(
        _ thread: EventLoop, lanes: Int, on processors: [Int], kernels: any KernelSet.Type,
        log: @escaping @Sendable (WorkerEvent) -> Void
    ) {
        self.thread = thread
        laneCount = lanes
        self.processors = processors
        self.kernels = kernels
        self.log = log
    }

    package var now: Duration { time(of: .now) }

    func time(of instant: ContinuousClock.Instant) -> Duration { instant - start }

    // MARK: - The network

    package var isSending: Bool { connection?.isSending == true }

    package func lend(_ gradients: FloatBuffer) -> Frame {
        let use = FrameUse()
        lent.append((gradients, use))
        return gradients.withBytes { Frame(sharing: $0, of: gradients, countedBy: use) }
    }

    package func takeReturned() -> [FloatBuffer] {
        let firstReturned = lent.partition { $0.use.byteCount == 0 }
        defer { lent.removeSubrange(firstReturned...) }
        return lent[firstReturned...].map(\.gradients)
    }

    package func send(_ header: [UInt8], _ payload: [Frame]) -> Bool {
        // The next weights follow as soon as the other workers' sums have arrived.
        if !payload.isEmpty { thread.expectWork() }
        return connection?.send([Frame(header)] + payload) == true
    }

    package func retrySoon() {
        let worker = worker
        thread.schedule(after: .milliseconds(2)) {
            worker?.assumeIsolated { $0.driver.retry() }
        }
    }

    // MARK: - Computing

    package func makeLanes(
        _ architecture: Architecture, _ plan: BatchPlan, seed: UInt64, labelSmoothing: Double
    ) {
        let most = laneCount == 1 ? Self.briefStep.ofOneLane : Self.briefStep.ofSeveral
        let isBrief = Double(plan.batchSize) * architecture.operations < most
        lanes = (0..<laneCount).map { lane in
            ShardTrainer(
                isBrief ? thread : EventLoop(name: "tern-lane-\(lane)"),
                on: processors.isEmpty ? nil : processors[lane % processors.count], architecture,
                plan: plan, seed: seed, labelSmoothing: labelSmoothing, kernels: kernels)
        }
    }

    package func removeLanes() {
        // They would arrive after the hello with which the worker joins again.
        connection?.dropSums()
        lent = []
        retireLanes()
    }

    /// Removes the lanes and ends their own threads.
    ///
    /// The lanes first finish all computations, even those still on their way to them: an ended thread accepts
    /// no computation, and this thread must exist to receive the answer.
    @discardableResult
    func retireLanes() -> Task<Void, Never> {
        let threads = lanes.map(\.thread).filter { $0 !== thread }
        let (earlier, computations) = (retirement, computations)
        lanes = []
        self.computations = []
        let retirement = Task.detached {
            await earlier?.value
            for computation in computations { await computation.value }
            for thread in threads { await thread.stop() }
        }
        self.retirement = retirement
        return retirement
    }

    package func compute(
        _ part: LanePart, weights: Frame, shards: [Int: Shard], spare: [FloatBuffer]
    ) {
        if part.lane == 0 { computations.removeAll(keepingCapacity: true) }
        let lane = lanes[part.lane]
        let spare = Handover(spare)
        let computation = worker?.assumeIsolated { worker in
            worker.compute(part, on: lane, weights: weights, shards: shards, spare: spare)
        }
        if let computation { computations.append(computation) }
    }

    // MARK: - The end

    package func report(_ event: WorkerEvent) { log(event) }

    package func finish(_ outcome: WorkerOutcome) {
        worker?.assumeIsolated { $0.complete(outcome) }
    }
}
