import Datasets
import Glibc
import Kernels
import Keys
import Protocol
import ZeroMQ

/// A worker: dials its coordinator, computes what it is asked for, and ends when told to stop.
///
/// It runs on the thread that owns its socket, which can answer while the lanes compute on their own threads,
/// unless a step is brief. Its only state is a ``WorkerDriver`` and that driver's ``LiveWorkerWorld``.
public actor Worker {
    nonisolated let thread: EventLoop
    /// The socket's thread runs this actor.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    /// How long a signalled worker waits for its parent to stop it.
    private static let parentPatience = Duration.seconds(5)
    /// How long last messages may take.
    private static let farewell = Duration.seconds(2)

    private let world: LiveWorkerWorld
    package let driver: WorkerDriver<LiveWorkerWorld>
    var connection: WorkerSocket? { world.connection }
    private var completion = Completion<WorkerOutcome>()
    /// Whether the process that started this one also ends it.
    private var hasParent = false

    /// Makes a worker with `threads` lanes that passes its events to `report`.
    ///
    /// - Parameters:
    ///   - processors: the processors to pin the lanes to, one each; none by default.
    ///   - secret: identifies this worker to the coordinator across connections; a new one by default.
    public init(
        threads: Int, processors: [Int] = [], kernels: any KernelSet.Type, settings: WorkerSettings,
        secret: WorkerSecret = .random(), report: @escaping @Sendable (WorkerEvent) -> Void
    ) {
        thread = EventLoop(name: "tern-worker")
        world = LiveWorkerWorld(
            thread, lanes: threads, on: processors, kernels: kernels, log: report)
        let hello = Hello(
            host: hostName(), pid: Int(getpid()), lanes: threads, kernels: kernels.name,
            identity: secret.text)
        driver = WorkerDriver(hello: hello, settings: settings, kernels: kernels, in: world)
        world.worker = self
    }

    /// Works for the coordinator at `endpoint` until there is no more work.
    ///
    /// - Parameters:
    ///   - credential: proves that this worker may join; nil if the coordinator admits anybody.
    ///   - signals: the source of requests to leave.
    ///   - lifeline: a descriptor whose end shows that the worker's parent has ended.
    /// - Throws: ``SocketError`` if the endpoint cannot be used.
    public func run(
        _ endpoint: String, credential: WorkerCredential? = nil, context: Context,
        signals: SignalSource?, lifeline: Int32?
    ) async throws(SocketError) -> WorkerOutcome {
        _ = try Endpoint(betweenProcesses: endpoint, for: .connect)
        let connection = try WorkerSocket(context, credential, of: self, driver)
        world.connection = connection
        driver.start()
        if let lifeline { watch(lifeline) }
        if let signals { watch(signals) }
        every(.seconds(1)) { $0.driver.handle { $0.tick(now: $1) } }
        every(Limits.interval) { $0.connection?.limitUnread() }
        try connection.connect(endpoint)
        let outcome = await withCheckedContinuation { completion.resume($0) }
        // The last answer and the leave must still go out.
        driver.sendWaiting()
        await finishSending(outcome)
        connection.close(lingering: Self.farewell)
        return outcome
    }

    private func finishSending(_ outcome: WorkerOutcome) async {
        // Only a worker that was interrupted in a step has sums that the run needs.
        if case .interrupted = outcome {} else { connection?.dropSums() }
        let end = ContinuousClock.now + Self.farewell
        while connection?.isSending == true, .now < end {
            try? await Task.sleep(for: .milliseconds(2))
        }
    }

    private func every(
        _ interval: Duration, _ work: @escaping @Sendable (isolated Worker) -> Void
    ) {
        thread.schedule(after: interval, repeatingEvery: interval) { self.assumeIsolated(work) }
    }

    /// Ends the threads; call it after ``run(_:credential:context:signals:lifeline:)`` has returned and nothing
    /// else uses the worker.
    public nonisolated func stop() async {
        await retireLanes().value
        await thread.stop()
    }

    private func retireLanes() -> Task<Void, Never> { world.retireLanes() }

    // MARK: - Signals and the parent

    private func watch(_ signals: SignalSource) {
        thread.attach(fileDescriptor: signals.fileDescriptor) {
            self.assumeIsolated { worker in
                switch signals.read() {
                case .stop(let signal), .stopAtOnce(let signal): worker.handle(signal: signal)
                // A worker has no state for a checkpoint.
                case .checkpoint, nil: break
                }
            }
        }
    }

    private func watch(_ lifeline: Int32) {
        hasParent = true
        thread.attach(fileDescriptor: lifeline) {
            var byte: UInt8 = 0
            // The parent never writes, so a readable descriptor means that it has ended.
            guard read(lifeline, &byte, 1) <= 0 else { return }
            self.assumeIsolated { $0.complete(.orphaned) }
        }
    }

    func complete(_ outcome: WorkerOutcome) { completion.complete(outcome) }

    private func handle(signal: Int32) {
        guard hasParent else { return driver.handle { $0.interrupt(signal, now: $1) } }
        // A signal to a process group, or to all processes of a job, means the run: the parent gets it too,
        // finishes the step and stops its workers.
        thread.schedule(after: Self.parentPatience) {
            self.assumeIsolated { $0.driver.handle { $0.interrupt(signal, now: $1) } }
        }
    }

    // MARK: - Computing

    /// Runs a computation on a lane; the task begins and ends on this actor's thread, which may be the lane's.
    func compute(
        _ part: LanePart, on lane: ShardTrainer, weights: Frame, shards: [Int: Shard],
        spare: Handover<[FloatBuffer]>
    ) -> Task<Void, Never> {
        Task {
            let work = await lane.compute(
                part.slots, step: part.step, weights: weights, shards: shards, spare: spare)
            guard let delay = driver.machine.settings.answerDelay else {
                return computed(part, work)
            }
            thread.schedule(after: delay) { self.assumeIsolated { $0.computed(part, work) } }
        }
    }

    private func computed(_ part: LanePart, _ work: ShardTrainer.Work) {
        driver.computed(
            part, work.sums.value, in: world.time(of: work.began)..<world.time(of: work.ended))
    }
}
