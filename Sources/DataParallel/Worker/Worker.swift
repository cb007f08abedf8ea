import Datasets
import Glibc
import Kernels
import Keys
import NeuralNetwork
import Protocol
import Training
import ZeroMQ

/// A worker: dials its coordinator, computes what it is asked for, and ends when it is sent home.
///
/// It only carries out what its ``WorkerMachine`` decides. It lives on the thread that owns its
/// socket, which stays free to answer while the lanes compute on theirs, unless a step is brief.
public actor Worker {
    nonisolated let thread: EventLoop
    /// The socket's thread runs this actor.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    /// The operations of a step up to which the lanes compute on the socket's thread, one lane and
    /// several: to change threads, and back, would take longer than others wait, or than the step.
    private static let briefStep = (ofOneLane: 1e9, ofSeveral: 1e7)

    /// How long a worker that was told to stop leaves it to its parent to send it home.
    private static let parentPatience = Duration.seconds(5)

    private let kernels: any KernelSet.Type
    let report: @Sendable (WorkerEvent) -> Void
    private let laneCount: Int
    /// The processors that the lanes stay on, one each; none where Linux is to choose.
    private let processors: [Int]
    let start = ContinuousClock.now
    var machine: WorkerMachine
    var socket: Socket?
    private var completion = Completion<WorkerOutcome>()

    var lanes: [ShardTrainer] = []
    var shards: [Int: Shard] = [:]
    var exampleByteCount = 0
    var classes = 0
    var parameterCount = 0
    var weights: Frame?
    var sums: ReductionTree?
    var busyLanes = 0
    /// When the lanes were handed the range that they compute, and what each of them took for it.
    var computingSince = ContinuousClock.now
    var laneTimes: [WorkTiming.Lane] = []
    /// What the lanes have been handed.
    var computations: [Task<Void, Never>] = []
    /// The end of lanes that were taken away.
    private var retirement: Task<Void, Never>?
    /// What waits until the coordinator takes more, and what is not computed before it has.
    var outbox = Outbox<[Frame]>()
    var isFlushing = false
    var heldWork: (slots: Range<Int>, step: Int)?
    /// The answers sent so far.
    var answers = 0
    /// Counts resets, so that a lane that still computes for an earlier run is not listened to.
    var generation = 0
    var droppedMessages = 0
    /// Whether the process that started this one also ends it.
    private var hasParent = false
    /// The payload frames of the message that is being dealt with.
    var payload: ArraySlice<Frame> = []

    /// Makes a worker with `threads` lanes that tells `report` what happens to it.
    ///
    /// - Parameters:
    ///   - processors: those that the lanes are to stay on, one each; none by default.
    ///   - secret: what the coordinator knows this worker again by; a new one by default.
    public init(
        threads: Int, processors: [Int] = [], kernels: any KernelSet.Type, settings: WorkerSettings,
        secret: WorkerSecret = .random(), report: @escaping @Sendable (WorkerEvent) -> Void
    ) {
        thread = EventLoop(name: "tern-worker")
        self.kernels = kernels
        self.report = report
        laneCount = threads
        self.processors = processors
        let hello = Hello(
            host: hostName(), pid: Int(getpid()), lanes: threads, kernels: kernels.name,
            identity: secret.text)
        machine = WorkerMachine(hello: hello, settings: settings)
    }

    /// Works for the coordinator at `endpoint` until there is no more to do.
    ///
    /// - Parameters:
    ///   - credential: what lets this worker in; nil where the coordinator lets in anybody.
    ///   - signals: what may ask the worker to leave.
    ///   - lifeline: a descriptor at whose end the worker's parent is known to be gone.
    /// - Throws: ``SocketError`` if the endpoint cannot be used.
    public func run(
        _ endpoint: String, credential: WorkerCredential? = nil, context: Context,
        signals: SignalSource?,
        lifeline: Int32?
    ) async throws(SocketError) -> WorkerOutcome {
        _ = try Endpoint(betweenProcesses: endpoint, for: .connect)
        var options = SocketOptions()
        // How long silence may last the coordinator decides, in the pings that it sends. This is for
        // one that vanishes before its first.
        options.heartbeatInterval = .seconds(20)
        options.heartbeatTimeout = .seconds(60)
        options.maximumMessageSize = 1 << 30
        // The sums of a range, up to two a level of the tree; what does not fit waits.
        options.sendHighWaterMark = 64
        // A coordinator that takes over from one that was killed need not wait long.
        options.maximumReconnectInterval = .milliseconds(500)
        options.encryption = credential?.encryption
        let socket = try Socket(context, .dealer, options, on: thread)
        self.socket = socket
        machine.start(now: now)
        try socket.monitor { event in self.assumeIsolated { $0.handle(event) } }
        thread.attach(socket) { self.assumeIsolated { $0.receive() } }
        if let lifeline { watch(lifeline) }
        if let signals { watch(signals) }
        thread.schedule(after: .seconds(1), repeatingEvery: .seconds(1)) {
            self.assumeIsolated { $0.perform($0.machine.tick(now: $0.now)) }
        }
        thread.schedule(after: Limits.interval, repeatingEvery: Limits.interval) {
            self.assumeIsolated { $0.limitUnread() }
        }
        try socket.connect(endpoint)
        let outcome = await withCheckedContinuation { completion.resume($0) }
        // The last answer and the leave must still go out.
        flush()
        socket.close(lingering: .seconds(2))
        return outcome
    }

    /// Ends the threads, once ``run(_:credential:context:signals:lifeline:)`` has returned and nobody uses the
    /// worker.
    public nonisolated func stop() async {
        await retireLanes().value
        await thread.stop()
    }

    /// Takes the lanes away, and ends the threads that they had of their own.
    ///
    /// But first the lanes finish what they have been handed, even if it is only on its way to them: a
    /// thread that has ended takes no computation, and this one must be there for the answer.
    @discardableResult
    private func retireLanes() -> Task<Void, Never> {
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

    private func watch(_ signals: SignalSource) {
        thread.attach(fileDescriptor: signals.fileDescriptor) {
            self.assumeIsolated { worker in
                switch signals.read() {
                case .stop(let signal), .stopAtOnce(let signal): worker.handle(signal: signal)
                // It keeps nothing that a checkpoint could hold.
                case .checkpoint, nil: break
                }
            }
        }
    }

    private func watch(_ lifeline: Int32) {
        hasParent = true
        thread.attach(fileDescriptor: lifeline) {
            var byte: UInt8 = 0
            // The parent never writes: what can be read is the end.
            guard read(lifeline, &byte, 1) <= 0 else { return }
            self.assumeIsolated { $0.complete(.orphaned) }
        }
    }

    var now: Duration { .now - start }

    func complete(_ outcome: WorkerOutcome) { completion.complete(outcome) }

    // MARK: - Events

    private func handle(signal: Int32) {
        guard hasParent else { return perform(machine.interrupt(signal, now: now)) }
        // Whoever signals a process group, or all of a job's processes, means the run: the parent, which
        // gets the signal as well, finishes the step and sends its workers home.
        thread.schedule(after: Self.parentPatience) {
            self.assumeIsolated { $0.perform($0.machine.interrupt(signal, now: $0.now)) }
        }
    }

    // MARK: - Effects

    package func perform(_ effects: [WorkerEffect]) {
        for effect in effects {
            switch effect {
            case .send(let message, let run): send(message, run)
            case .prepare(let architecture, let plan, let seed, let labelSmoothing):
                prepare(architecture, plan, seed: seed, labelSmoothing: labelSmoothing)
            case .reset: reset()
            case .storeShardPart(let part): store(part)
            case .loadWeights: weights = payload.first
            case .compute(let slots, let step): computeOnceSent(slots, step: step)
            case .sendSums(let step, let run): sendSums(step: step, run: run)
            case .discardSums: discardSums()
            case .report(let event): report(event)
            case .finish(let outcome): complete(outcome)
            }
        }
    }

    private func prepare(
        _ architecture: Architecture, _ plan: BatchPlan, seed: UInt64, labelSmoothing: Double
    ) {
        let most = laneCount == 1 ? Self.briefStep.ofOneLane : Self.briefStep.ofSeveral
        let isBrief = Double(plan.batchSize) * architecture.operations < most
        lanes = (0..<laneCount).map { lane in
            ShardTrainer(
                isBrief ? thread : EventLoop(name: "tern-lane-\(lane)"),
                on: processors.isEmpty ? nil : processors[lane % processors.count], architecture,
                plan: plan, seed: seed, labelSmoothing: labelSmoothing,
                kernels: kernels)
        }
        exampleByteCount = architecture.exampleByteCount
        classes = architecture.classes
        parameterCount = ParameterLayout(architecture).count
        sums = ReductionTree(plan, parameterCount: parameterCount, kernels: kernels)
    }

    private func reset() {
        generation += 1
        heldWork = nil
        busyLanes = 0
        retireLanes()
        shards = [:]
        weights = nil
        sums = nil
    }

    private func store(_ part: ShardPart) {
        guard let values = payload.first, let labels = payload.last else { return }
        shards[part.shard, default: Shard()].values += values.bytes
        shards[part.shard, default: Shard()].labels += labels.bytes
    }
}
