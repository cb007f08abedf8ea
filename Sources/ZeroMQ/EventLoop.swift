import CZeroMQ
import Glibc
import Synchronization

/// A thread that owns sockets: it polls them, and runs the actors that use them.
///
/// It is the executor of these actors, so its handlers can call straight into an actor: no task and no
/// thread switch lie between a message's arrival and its answer:
///
///     actor Echo {
///         nonisolated let thread: EventLoop
///         nonisolated var unownedExecutor: UnownedSerialExecutor {
///             thread.asUnownedSerialExecutor()
///         }
///         func start(_ socket: Socket) {
///             thread.attach(socket) { self.assumeIsolated { $0.answer() } }
///         }
///     }
///
/// Without sockets it is a thread for long computations. It runs until ``stop()``.
///
/// `@unchecked Sendable`: what other threads use is locked or atomic; `pollSet`, `timers`, `spinPolicy`
/// and `batch` are used on the thread itself only, which every method that uses them checks.
public final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    /// The name that debuggers show; Linux keeps 15 bytes of it.
    public let name: String

    private struct Inbox {
        var jobs: [UnownedJob] = []
        /// Whether the thread will look at `jobs` before it sleeps.
        var isAwake = false
        var isStopping = false
        var hasEnded = false
        var stopWaiters: [CheckedContinuation<Void, Never>] = []
        var handle: pthread_t?
    }
    private let inbox = Locked(Inbox())
    /// Ends the thread's sleep: a descriptor, because it is polled together with the sockets.
    private let wakeUp: Int32
    /// The thread's id; 0 before it runs, and after.
    private let threadID = Atomic<UInt>(0)

    private var pollSet = PollSet()
    private var timers = TimerQueue()
    private var spinPolicy = SpinPolicy()
    /// The jobs that run now; swapped with the inbox's, so that enqueueing allocates nothing.
    private var batch: [UnownedJob] = []

    /// How many rounds of new jobs may delay the sockets.
    private static let roundsBetweenPolls = 32

    /// Starts a thread.
    ///
    /// - Parameter niceness: how much it yields to other threads, 0 to 19. On Linux it applies to
    ///   this thread alone.
    public init(name: String, niceness: Int32 = 0) {
        self.name = name
        wakeUp = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        if wakeUp < 0 {
            let limit = DescriptorLimit.raise()
            ResourceError.descriptors(limit: limit, needed: limit + 1).endProcess()
        }
        batch.reserveCapacity(16)
        inbox.withLock { inbox in
            inbox.jobs.reserveCapacity(16)
            inbox.handle = NativeThread.start(name: name) {
                _ = nice(niceness)
                self.run()
            }
        }
    }

    deinit { Glibc.close(wakeUp) }

    /// Ends the thread after it has run its jobs, and waits until it is gone.
    ///
    /// Handlers and timers are dropped. The thread's actors must not be called afterwards.
    public func stop() async {
        // It would wait forever.
        if isCurrent { fatalError("thread \(name) cannot wait for its own end") }
        await withCheckedContinuation { continuation in
            let hasEnded = inbox.withLock { inbox in
                inbox.isStopping = true
                if !inbox.hasEnded { inbox.stopWaiters.append(continuation) }
                return inbox.hasEnded
            }
            if hasEnded { continuation.resume() } else { wake() }
        }
        // The thread has nothing left to do but to return, so this does not block.
        if let handle = inbox.withLock({ $0.handle.take() }) { pthread_join(handle, nil) }
    }

    // MARK: Executor

    /// Enqueues a job; Swift's runtime calls this.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mustWake = inbox.withLock { inbox in
            // A job that never runs would be a task that hangs without a trace.
            if inbox.hasEnded { fatalError("thread \(name) has been stopped and runs no jobs") }
            inbox.jobs.append(job)
            defer { inbox.isAwake = true }
            return !inbox.isAwake
        }
        if mustWake && !isCurrent { wake() }
    }

    /// Whether the caller runs on this thread.
    public func isIsolatingCurrentContext() -> Bool? { isCurrent }

    /// Ends the process unless the caller runs on this thread.
    public func checkIsolated() {
        if !isCurrent { fatalError("this must happen on thread \(name)") }
    }

    /// This thread as the executor of an actor.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    /// This thread as the executor that a task prefers.
    public func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        UnownedTaskExecutor(ordinary: self)
    }

    private var isCurrent: Bool { threadID.load(ordering: .relaxed) == tern_thread_id() }

    // MARK: Sources

    /// Calls `onReadable` whenever the socket has messages, until it is detached or closed.
    ///
    /// The thread retains the socket, the handler and everything that the handler refers to.
    public func attach(_ socket: Socket, onReadable: @escaping () -> Void) {
        checkIsolated()
        precondition(socket.raw != nil && socket.thread === self, "closed, or another thread's")
        pollSet.add(socket, handler: onReadable)
    }

    /// Stops calling the socket's handler.
    public func detach(_ socket: Socket) {
        checkIsolated()
        _ = pollSet.remove(socket)
    }

    /// Calls `onReadable` whenever the descriptor is readable or at its end, until it is detached.
    public func attach(fileDescriptor: Int32, onReadable: @escaping () -> Void) {
        checkIsolated()
        pollSet.add(fileDescriptor: fileDescriptor, handler: onReadable)
    }

    /// Stops calling the descriptor's handler; call this before the descriptor is closed.
    public func detach(fileDescriptor: Int32) {
        checkIsolated()
        _ = pollSet.remove(fileDescriptor: fileDescriptor)
    }

    // MARK: Timers

    /// Calls `action` once after `delay` or, with an `interval`, again and again from then on.
    ///
    /// Ticks that a busy thread missed are skipped.
    @discardableResult
    public func schedule(
        after delay: Duration, repeatingEvery interval: Duration? = nil,
        _ action: @escaping () -> Void
    ) -> TimerToken {
        checkIsolated()
        return timers.add(at: .now + delay, repeatingEvery: interval, action)
    }

    /// Cancels a timer.
    public func cancel(_ timer: TimerToken) {
        checkIsolated()
        _ = timers.remove(timer)
    }

    /// Announces a message or job within a fraction of a millisecond: the thread spins for it, if that
    /// has paid off so far.
    public func expectWork() {
        checkIsolated()
        spinPolicy.expect()
    }

    // MARK: The thread itself

    private func run() {
        threadID.store(tern_thread_id(), ordering: .relaxed)
        pollSet.add(fileDescriptor: wakeUp) { [wakeUp] in
            var count: eventfd_t = 0
            eventfd_read(wakeUp, &count)
        }
        while true {
            var isIdle = runJobs()
            if isIdle && inbox.withLock({ $0.isStopping }) { break }
            if isIdle && spinPolicy.begins() {
                stayAwake()
                isIdle = runJobs()
            }
            let timeout = isIdle ? timers.pollTimeout(at: .now) : 0
            pollSet.wait(timeout: timeout)
            for id in pollSet.ready { pollSet.handler(of: id)?() }
            let now = ContinuousClock.now
            while let action = timers.popDue(at: now) { action() }
        }
        end()
    }

    /// Polls without sleeping until there is something to do, or the limit has passed.
    private func stayAwake() {
        // A thread that enqueues a job now need not wake this one.
        inbox.withLock { $0.isAwake = true }
        let deadline = ContinuousClock.now + SpinPolicy.limit
        while ContinuousClock.now < deadline {
            pollSet.wait(timeout: 0)
            if !pollSet.ready.isEmpty || inbox.withLock({ !$0.jobs.isEmpty }) {
                return spinPolicy.ended(inTime: true)
            }
            // Other threads with work go first.
            sched_yield()
        }
        spinPolicy.ended(inTime: false)
    }

    /// Runs the queued jobs; returns whether none is left.
    private func runJobs() -> Bool {
        for _ in 0..<Self.roundsBetweenPolls {
            inbox.withLock { inbox in
                swap(&batch, &inbox.jobs)
                if batch.isEmpty { inbox.isAwake = false }
            }
            if batch.isEmpty { return true }
            for job in batch {
                job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
            batch.removeAll(keepingCapacity: true)
        }
        return false
    }

    private func end() {
        dropHandlers()
        var waiters: [CheckedContinuation<Void, Never>]?
        while waiters == nil {
            _ = runJobs()
            waiters = inbox.withLock { inbox in
                guard inbox.jobs.isEmpty else { return nil }
                inbox.hasEnded = true
                return inbox.stopWaiters
            }
        }
        threadID.store(0, ordering: .relaxed)
        for waiter in waiters ?? [] { waiter.resume() }
    }

    /// Releases the handlers and their owners.
    ///
    /// That can enqueue last jobs or call this thread's methods, so the sets must be empty by then.
    private func dropHandlers() {
        let dropped = (pollSet, timers)
        pollSet = PollSet()
        timers = TimerQueue()
        withExtendedLifetime(dropped) {}
    }

    private func wake() { eventfd_write(wakeUp, 1) }
}
