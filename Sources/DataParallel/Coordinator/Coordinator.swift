import Glibc
import Kernels
import Keys
import NeuralNetwork
import Protocol
import Training
import ZeroMQ

/// A coordinator: takes workers in, deals out the work, reduces, updates and broadcasts.
///
/// It only carries out what its ``CoordinatorMachine`` decides. It lives on the thread that owns its
/// socket, so from a partial sum's arrival to the next weights' departure nothing changes thread.
public actor Coordinator {
    nonisolated let thread = SocketThread(name: "tern-coordinator")
    /// The socket's thread runs this actor.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    typealias Effect = CoordinatorEffect<PeerIdentity>

    let job: Job
    let evaluation: EvaluationPool
    let writer: CheckpointWriter
    /// Made when it is first needed, which in most runs is never.
    var arbiter: Arbiter?
    let observer: any RunObserver
    let run = RunID(UInt64.random(in: 1...UInt64.max))
    let start = ContinuousClock.now
    var machine: CoordinatorMachine<PeerIdentity>
    var state: TrainingState
    var sums: PartialSums
    var socket: Socket?
    /// Who may join; nil where anybody may.
    var door: Door?
    /// What waits for peers whose queues are full.
    var outboxes: [PeerIdentity: Outbox<[Frame]>] = [:]
    var isFlushing = false

    // Effects are carried out one after another; those that come up meanwhile wait their turn.
    private var queue: [Effect] = []
    private var isPerforming = false
    /// The payload frame of the message that is being dealt with, and who sent it.
    var payload: Frame?
    var payloadSender: PeerIdentity?
    /// The weights as they are broadcast, made once a step.
    var broadcast: (frame: Frame, checksum: UInt64)?
    /// When a connection was last heard to have ended, while members are being looked after.
    var lastDisconnection: Duration?
    /// The messages taken in turns, one after another, that have not come to the end of what has arrived.
    var messagesWithoutEnd = 0
    /// Those whose connections were ended for what they sent: the rest of it is not looked at.
    var silenced = RecentPeers()
    /// What has been dropped unread and not been told of yet.
    var messagesOfFlood = 0
    /// The peers that could not be understood.
    var refusals = 0
    /// How many connections were not let in, by the reason.
    var strangers: [String: Int] = [:]

    var clock: TrainingClock
    /// Measures where the time of the steps goes.
    var timing: StepClock<PeerIdentity>
    var lastEpoch: EpochReport?
    private var isWriting = false
    /// Whether a step waits for a checkpoint to be written before it counts.
    private var isUpdateHeld = false
    private var outcome: Outcome?
    /// Whether the record has all that was reported, once there is an outcome.
    private var isFlushed = false
    private var completion = Completion<CoordinatorResult>()
    /// What is under way on other threads: this one must not end before their answers.
    var evaluating: Task<Void, Never>?
    private var filing: Task<Void, Never>?

    /// Makes the coordinator of a job, which goes on from `checkpoint` if there is one.
    public init(
        _ job: Job, settings: CoordinatorSettings, resuming checkpoint: Checkpoint?,
        store: CheckpointStore, evaluation: EvaluationPool, observer: sending any RunObserver
    ) {
        self.job = job
        self.evaluation = evaluation
        self.observer = observer
        writer = CheckpointWriter(store)
        state = TrainingState(job, resuming: checkpoint)
        var settings = settings
        settings.examplesPerPart = max(
            1, Limits.shardPartBytes / job.architecture.exampleByteCount)
        machine = CoordinatorMachine(plan: job.plan, settings: settings, step: state.step)
        sums = PartialSums(job.plan, parameterCount: state.parameters.count, kernels: job.kernels)
        clock = TrainingClock(seconds: checkpoint?.seconds ?? 0)
        timing = StepClock(now: .zero, tracing: settings.tracedSteps)
    }

    /// A context as this coordinator's socket wants it.
    ///
    /// Two I/O threads share the connections where weights and sums are large, so that what two workers
    /// send, or are sent, need not wait for one another; where they are small, to change between
    /// threads would take longer.
    public nonisolated func makeContext() -> Context {
        let bytes = 4 * ParameterLayout(job.architecture).count
        return Context(ioThreads: bytes < Limits.largeMessage ? 1 : 2)
    }

    /// Binds the socket that workers dial.
    ///
    /// - Parameter door: who may join; nil to let in anybody.
    /// - Returns: the endpoint, with the port that was chosen.
    /// - Throws: ``SocketError`` if the endpoint is malformed or in use, or its name unknown.
    public func listen(
        _ endpoint: String, door: Door? = nil, context: Context
    ) async throws(SocketError) -> String {
        let place = try Endpoint(betweenProcesses: endpoint, for: .listen)
        let addresses = try await place.addressesOfName()
        var options = Limits.socketOptions(
            parameterCount: state.parameters.count, timeout: machine.settings.heartbeatTimeout,
            descriptors: DescriptorLimit.raise())
        options.encryption = door?.encryption
        self.door = door
        // Of a coordinator on the same machine the kernel tells when it is gone. One that was stopped
        // (Ctrl-Z) and goes on finds its workers as they were.
        options.heartbeatBindsPeers = !endpoint.hasPrefix("ipc://")
        let socket = try Socket(context, .router, options, on: thread)
        let bound =
            try addresses.isEmpty
            ? socket.bind(endpoint) : socket.bind(place, at: addresses)
        try socket.monitor { event in self.assumeIsolated { $0.handle(event) } }
        self.socket = socket
        return bound
    }

    /// Trains with whoever joins, to the end.
    ///
    /// - Parameters:
    ///   - signals: what may ask the run to stop, or for a checkpoint.
    ///   - endAtOnce: ends the process where a signal asks for that.
    public func train(
        signals: SignalSource?,
        endAtOnce: @escaping @Sendable (Int32) -> Never = { _exit(128 + $0) }
    ) async -> CoordinatorResult {
        guard let socket else { preconditionFailure("listen comes before train") }
        if let signals {
            thread.attach(fileDescriptor: signals.fileDescriptor) {
                self.assumeIsolated { coordinator in
                    guard let request = signals.read() else { return }
                    coordinator.handle(request, endAtOnce: endAtOnce)
                }
            }
        }
        let tick = Duration.milliseconds(50)
        thread.schedule(after: tick, repeatingEvery: tick) {
            self.assumeIsolated { $0.perform($0.machine.tick(now: $0.now)) }
        }
        thread.schedule(after: .seconds(1), repeatingEvery: .seconds(1)) {
            self.assumeIsolated {
                $0.probe()
                $0.reportFlood()
                $0.reportTiming()
            }
        }
        thread.schedule(after: Limits.interval, repeatingEvery: Limits.interval) {
            self.assumeIsolated { $0.limitUnread() }
        }
        if door != nil {
            thread.schedule(after: Door.interval, repeatingEvery: Door.interval) {
                self.assumeIsolated { $0.lookAtList() }
            }
        }
        thread.attach(socket) { self.assumeIsolated { $0.receive() } }
        // It may have ended before it began, such as when all local workers died at their start.
        if !machine.isOver { perform(machine.start(now: now)) }
        let result = await withCheckedContinuation { completion.resume($0) }
        if let signals { thread.detach(fileDescriptor: signals.fileDescriptor) }
        // The word that the run is over must still leave.
        socket.close(lingering: .milliseconds(500))
        return result
    }

    /// Ends the threads, once ``train(signals:)`` has returned and nobody uses the coordinator.
    public nonisolated func stop() async {
        for errand in await errands { await errand.value }
        await writer.thread.stop()
        await arbiter?.thread.stop()
        await thread.stop()
    }

    private var errands: [Task<Void, Never>] { [evaluating, filing].compactMap(\.self) }

    /// A worker process that this machine started has ended; `remaining` others have not.
    public func localWorkerEnded(_ reason: String, remaining: Int) {
        perform(machine.localWorkerEnded(reason, remaining: remaining, now: now))
    }

    var now: Duration { .now - start }

    // MARK: - Effects

    func perform(_ effects: [Effect]) {
        queue += effects
        guard !isPerforming else { return }
        isPerforming = true
        defer { isPerforming = false }
        while !queue.isEmpty { perform(queue.removeFirst()) }
        reportTraces()
        timing.rest(at: now)
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .send(let message, let peer): send(message, to: peer)
        case .sendShardPart(let part, let peer): sendShardPart(part, to: peer)
        case .cutOff(let peer): silence(peer)
        case .sendWeights(let ranges, let peer): sendWeights(ranges, to: peer)
        case .beginStep(let step):
            sums.begin(step: step)
            let now = now
            clock.resume(at: now)
            let plan = job.plan
            timing.begin(
                step: step + 1,
                isLogged: isLogged(
                    step: step % plan.stepsPerEpoch + 1, of: plan.stepsPerEpoch,
                    every: machine.settings.logEvery), at: now)
        case .accumulate(let sum): accumulate(sum)
        case .arbitrate(let slots, let step): arbitrate(slots, step: step)
        case .rewind(let limit): rewind(noLaterThan: limit)
        case .update:
            // A step made while the last checkpoint may still be lost would be repeated beyond what
            // --checkpoint-every promises.
            isUpdateHeld = isWriting || waitsForRecord()
            if isUpdateHeld { timing.suspend() } else { update() }
        case .checkpoint: checkpoint()
        case .evaluate: evaluate()
        case .report(let event): report(event)
        case .finish(let outcome): finish(outcome)
        }
    }

    /// Takes back what was to be done with the sums of a step in which one cannot be right.
    func doubt(_ sum: PartialSumHeader) {
        guard let payloadSender else { return }
        queue.removeAll { if case .update = $0 { true } else { false } }
        perform(machine.doubt(sum, digest: payloadDigest(), of: payloadSender))
    }

    func report(_ event: RunEvent) {
        timing.enter(.record, at: now)
        do throws(FileError) {
            try observer.record(event)
        } catch {
            abandon(.failed(error))
        }
    }

    /// Ends the run at once because it cannot go on; what else was to be done is dropped.
    func abandon(_ outcome: Outcome) {
        queue.removeAll()
        perform(machine.fail(outcome, now: now))
    }

    private func checkpoint() {
        guard state.isFinite else { return abandon(.diverged(step: state.step)) }
        let checkpoint = state.checkpoint(seconds: clock.seconds(at: now))
        isWriting = true
        filing = Task { wrote(await save(checkpoint), step: checkpoint.step) }
    }

    /// Writes a checkpoint once the record has all steps that it covers.
    private func save(_ checkpoint: Checkpoint) async -> Result<String, FileError> {
        if let error = await flushRecord() { return .failure(error) }
        return await writer.save(checkpoint)
    }

    /// Waits until all that has been reported is written down; gives the error that kept it from that.
    private func flushRecord() async -> FileError? {
        await withCheckedContinuation { continuation in
            observer.flush { continuation.resume(returning: $0) }
        }
    }

    /// Whether the next step must wait for the record, which a disk that hangs keeps in memory.
    private func waitsForRecord() -> Bool {
        guard !observer.hasRoom else { return false }
        observer.flush { _ in Task { await self.recordIsWritten() } }
        return true
    }

    private func recordIsWritten() {
        guard isUpdateHeld, !isWriting, !machine.isOver else { return }
        isUpdateHeld = false
        update()
    }

    private func rewind(noLaterThan limit: Int) {
        clock.pause(at: now)
        timing.suspend()
        // Behind what is still to be written.
        filing = Task { rewound(to: await writer.rewind(noLaterThan: limit)) }
    }

    private func rewound(to result: Result<Checkpoint?, FileError>) {
        let checkpoint: Checkpoint?
        switch result {
        case .success(let kept): checkpoint = kept
        case .failure(let error): return abandon(.failed(error))
        }
        let isDrawn = job.configuration.initialWeightsDigest == nil
        guard checkpoint != nil || isDrawn || job.initialParameters != nil else {
            // Without them the beginning cannot be had.
            return abandon(
                .failed(FileError(operation: "read", path: "the initial weights", code: ENOENT)))
        }
        state = TrainingState(job, resuming: checkpoint)
        broadcast = nil
        // What was tested after that were not the run's weights.
        if let last = lastEpoch, last.step > state.step { lastEpoch = nil }
        report(.rewound(step: state.step))
        perform(machine.rewound(to: state.step, now: now))
    }

    private func wrote(_ result: Result<String, FileError>, step: Int) {
        isWriting = false
        switch result {
        case .success(let path):
            report(
                .checkpoint(path: path, step: step, isRequested: machine.isRequestFulfilled))
            perform(machine.checkpointWritten())
            if isUpdateHeld, !isWriting, !machine.isOver {
                isUpdateHeld = false
                update()
            }
        case .failure(let error):
            // Even at the end: a stop that was to be resumed from this file is no success.
            abandon(.failed(error))
        }
        completeIfDone()
    }

    private func finish(_ outcome: Outcome) {
        clock.pause(at: now)
        timing.suspend()
        timing.rest(at: now)
        reportTraces()
        reportTiming()
        self.outcome = outcome
        // Steps that no checkpoint covers are in memory still.
        Task {
            let error = await flushRecord()
            // Where something else ended the run, that is the news.
            if let error, self.outcome == .completed { self.outcome = .failed(error) }
            isFlushed = true
            completeIfDone()
        }
    }

    private func completeIfDone() {
        guard let outcome, !isWriting, isFlushed else { return }
        completion.complete(
            CoordinatorResult(
                outcome: outcome, parameters: state.parameters, step: state.step,
                lastEpoch: lastEpoch, seconds: clock.seconds(at: now),
                workers: machine.mostWorkers))
    }
}

/// What a run came to.
public struct CoordinatorResult: Sendable {
    /// How it ended.
    public var outcome: Outcome
    /// The parameters at the end.
    public var parameters: FloatBuffer
    /// The steps made, over all sessions of the run.
    public var step: Int
    /// The last epoch that was tested in this session.
    public var lastEpoch: EpochReport?
    /// The seconds of training, over all sessions of the run.
    public var seconds: Double
    /// The most workers that were here at once in this session.
    public var workers: Int
}
