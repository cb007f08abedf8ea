import Glibc
import Kernels
import ModelFiles
import NeuralNetwork
import Protocol
import RunEvents
import RunFolder
import Training
import ZeroMQ

/// A coordinator: admits workers, assigns the work, reduces, updates and broadcasts.
///
/// It runs on the thread that owns its socket. Its only state is a ``CoordinatorDriver`` and that driver's
/// ``LiveCoordinatorWorld``.
public actor Coordinator {
    nonisolated let thread = EventLoop(name: "tern-coordinator")
    /// The socket's thread runs this actor.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    private nonisolated let parameterCount: Int
    private let world: LiveCoordinatorWorld
    let driver: CoordinatorDriver<LiveCoordinatorWorld>
    var workers: CoordinatorSocket? { world.workers }
    private var completion = Completion<CoordinatorResult>()

    /// Makes the coordinator of a job, which resumes from `checkpoint`, if any.
    public init(
        _ job: Job, settings: CoordinatorSettings, resuming checkpoint: Checkpoint?,
        store: CheckpointStore, evaluation: EvaluationPool, observer: sending any RunObserver
    ) {
        var settings = settings
        settings.examplesPerPart = max(
            1, Limits.shardPartBytes / job.architecture.exampleByteCount)
        parameterCount = ParameterLayout(job.architecture).count
        world = LiveCoordinatorWorld(job, CheckpointWriter(store), evaluation, observer)
        driver = CoordinatorDriver(
            job, settings, run: RunID(UInt64.random(in: 1...UInt64.max)), resuming: checkpoint,
            in: world)
        world.coordinator = self
    }

    /// Makes the ZeroMQ context for this coordinator's socket.
    ///
    /// With large weights and sums, two I/O threads share the connections, so that the messages of two workers
    /// do not wait for each other. With small ones, switching between threads would take longer.
    public nonisolated func makeContext() -> Context {
        Context(ioThreads: 4 * parameterCount < Limits.largeMessage ? 1 : 2)
    }

    /// Binds the socket that workers dial.
    ///
    /// - Parameter door: decides who may join; nil to admit anybody.
    /// - Returns: the endpoint, with the chosen port.
    /// - Throws: ``SocketError`` if the endpoint is malformed or in use, or its name unknown.
    public func listen(
        _ endpoint: String, door: Door? = nil, context: Context
    ) async throws(SocketError) -> String {
        let place = try Endpoint(betweenProcesses: endpoint, for: .listen)
        let addresses = try await place.addressesOfName()
        var options = Limits.socketOptions(
            parameterCount: parameterCount, timeout: driver.machine.settings.heartbeatTimeout,
            descriptors: DescriptorLimit.raise())
        options.encryption = door?.encryption
        // Over ipc the kernel reports when the coordinator ends, so peers need no heartbeat timeout: a
        // coordinator that was stopped (Ctrl-Z) and continues still has its workers.
        let isLocal = endpoint.hasPrefix("ipc://")
        options.heartbeatBindsPeers = !isLocal
        // The socket's folder decides who may dial it.
        options.limitsNewcomers = !isLocal
        let socket = try Socket(context, .router, options, on: thread)
        let bound =
            try addresses.isEmpty
            ? socket.bind(endpoint) : socket.bind(place, at: addresses)
        try socket.monitor { event in self.assumeIsolated { $0.workers?.handle(event) } }
        world.workers = CoordinatorSocket(socket, door, of: self, driver)
        return bound
    }

    /// Trains with the workers that join, until the run ends.
    ///
    /// - Parameters:
    ///   - signals: the source of requests to stop or to write a checkpoint.
    ///   - endAtOnce: ends the process when a signal requests that.
    public func train(
        signals: SignalSource?,
        endAtOnce: @escaping @Sendable (Int32) -> Never = { _exit(128 + $0) }
    ) async -> CoordinatorResult {
        guard let workers = world.workers else { preconditionFailure("listen comes before train") }
        if let signals {
            thread.attach(fileDescriptor: signals.fileDescriptor) {
                self.assumeIsolated { coordinator in
                    guard let request = signals.read() else { return }
                    coordinator.handle(request, endAtOnce: endAtOnce)
                }
            }
        }
        every(.milliseconds(50)) { $0.driver.handle { $0.tick(now: $1) } }
        every(.seconds(1)) {
            $0.world.workers?.probe()
            $0.world.workers?.reportFlood()
            $0.driver.reportTiming()
        }
        every(Limits.interval) { $0.world.workers?.limitUnread() }
        if workers.door != nil { every(Door.interval) { $0.world.workers?.lookAtList() } }
        workers.attach()
        driver.start()
        let result = await withCheckedContinuation { completion.resume($0) }
        if let signals { thread.detach(fileDescriptor: signals.fileDescriptor) }
        // The messages that end the run must still leave.
        workers.close(lingering: .milliseconds(500))
        return result
    }

    private func every(
        _ interval: Duration, _ work: @escaping @Sendable (isolated Coordinator) -> Void
    ) {
        thread.schedule(after: interval, repeatingEvery: interval) { self.assumeIsolated(work) }
    }

    /// Ends the threads; call it after ``train(signals:)`` has returned and nothing else uses the coordinator.
    public nonisolated func stop() async {
        for errand in await errands { await errand.value }
        for thread in await threads { await thread.stop() }
        await thread.stop()
    }

    private var errands: [Task<Void, Never>] { world.errands }
    private var threads: [EventLoop] { world.threads }

    /// Handles the exit of a worker process that this machine started; `remaining` others still run.
    public func localWorkerEnded(_ reason: String, remaining: Int, othersMayJoin: Bool) {
        driver.handle {
            $0.localWorkerEnded(
                reason, remaining: remaining, othersMayJoin: othersMayJoin, now: $1)
        }
    }

    /// Passes the result of work on another thread to the driver.
    func answer(_ answer: @Sendable (CoordinatorDriver<LiveCoordinatorWorld>) -> Void) {
        answer(driver)
    }

    func complete(_ result: CoordinatorResult) { completion.complete(result) }

    private func handle(_ request: SignalRequest, endAtOnce: (Int32) -> Never) {
        switch request {
        case .stop(let signal):
            if !driver.machine.isInterrupted {
                driver.report(.stopping(signal: signalName(signal)))
            }
            driver.handle { $0.interrupt(signal, now: $1) }
        case .stopAtOnce(let signal): endAtOnce(signal)
        case .checkpoint(let signal):
            driver.handle { machine, _ in machine.requestCheckpoint(signalName(signal)) }
        }
    }
}
