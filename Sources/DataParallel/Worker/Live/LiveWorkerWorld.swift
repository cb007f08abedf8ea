import Datasets
import Kernels
import NeuralNetwork
import Reduction
import ZeroMQ

/// The world in which a worker's driver trains: a socket, and lanes on threads.
///
/// It belongs to the worker, on whose thread all of its methods run.
package final class LiveWorkerWorld: WorkerWorld {
    package typealias Frame = ZeroMQ.Frame

    /// The operations of a step up to which the lanes compute on the socket's thread, one lane and
    /// several: to change threads, and back, would take longer than others wait, or than the step.
    private static let briefStep = (ofOneLane: 1e9, ofSeveral: 1e7)

    weak var worker: Worker?
    /// The connection to the coordinator, once it is dialled.
    var connection: WorkerSocket?

    private let thread: EventLoop
    private let laneCount: Int
    /// The processors that the lanes stay on, one each; none where Linux is to choose.
    private let processors: [Int]
    private let kernels: any KernelSet.Type
    private let log: @Sendable (WorkerEvent) -> Void
    private let start = ContinuousClock.now

    private var lanes: [ShardTrainer] = []
    /// What the lanes have been handed.
    private var computations: [Task<Void, Never>] = []
    /// The end of lanes that were taken away.
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

    package func send(_ header: [UInt8], _ payload: [Frame]) -> Bool {
        // The next weights come as soon as the others' sums are there too.
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

    package func removeLanes() { retireLanes() }

    /// Takes the lanes away, and ends the threads that they had of their own.
    ///
    /// But first the lanes finish what they have been handed, even if it is only on its way to them: a
    /// thread that has ended takes no computation, and this one must be there for the answer.
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
