import NeuralNetwork
import Protocol
import Reduction
import Training

/// All decisions of a worker: an event in, a list of effects out; no clock, socket or thread.
///
/// A worker fetches the data of the shards that it is asked to compute, computes one range of slots at a time,
/// and answers with the partial sums. It keeps the data while it is a member, and forgets everything when the
/// connection ends or its coordinator expels it.
public struct WorkerMachine: Sendable {
    let hello: Hello
    let settings: WorkerSettings
    /// The bytes of memory that a run may use, measured when its coordinator was reached.
    private var memory: Int

    var plan: BatchPlan?
    var run = RunID.unknown
    var isFinished = false
    var isConnected = false
    private var waitingSince: Duration = .zero
    private var lastNotice: Duration = .zero
    /// The last obstacle to reaching a coordinator, and when it occurred.
    private var obstacle: (contact: Contact, at: Duration)?
    /// The signal to leave, and when it arrived, while the worker finishes its answer.
    var leaving: (signal: Int32, since: Duration)?
    /// Whether it was expelled and waits for its lanes before it rejoins.
    var isExpelled = false

    var shards = HeldShards()
    var queue = RangeQueue()
    /// Its current activity, and since when.
    var activity: (phase: WorkerStatus.Phase, since: Duration) = (.idle, .zero)

    /// The machine of a worker that is not connected.
    ///
    /// - Parameter memory: the bytes that a run may use, unless ``connected(memory:now:)`` gives another
    ///   number; a run that needs more is refused.
    public init(hello: Hello, settings: WorkerSettings, memory: Int = .max) {
        self.hello = hello
        self.settings = settings
        self.memory = memory
    }

    /// The number of rewinds, modulo 256, when the coordinator requested the current work.
    package var attempt: UInt8 { queue.attempt }

    // MARK: - Connection

    /// Starts the clock.
    public mutating func start(now: Duration) { startWaiting(now) }

    private mutating func startWaiting(_ now: Duration) {
        waitingSince = now
        lastNotice = now
        obstacle = nil
    }

    /// Handles an established connection.
    ///
    /// - Parameter memory: the bytes that a run may use now; nil for the number before.
    public mutating func connected(memory: Int? = nil, now: Duration) -> [WorkerEffect] {
        guard !isFinished else { return [] }
        isConnected = true
        self.memory = memory ?? self.memory
        return [.send(.hello(hello), RunID.unknown)]
    }

    /// Handles a connection that the peer closed during the handshake.
    public mutating func turnedAway(now: Duration) -> [WorkerEffect] {
        meet(.turnedAway, now: now)
    }

    /// Handles a failure to resolve the coordinator's name.
    public mutating func unresolved(_ reason: String, now: Duration) -> [WorkerEffect] {
        meet(.unresolved(reason), now: now)
    }

    /// Records that the coordinator's name was resolved.
    public mutating func dialling() {
        if case .unresolved? = obstacle?.contact { obstacle = nil }
    }

    private mutating func meet(_ contact: Contact, now: Duration) -> [WorkerEffect] {
        guard !isFinished, !isConnected else { return [] }
        obstacle = (contact, now)
        // The first obstacle is reported at once.
        return lastNotice == waitingSince ? notice(now) : []
    }

    /// Handles the end of the connection; all state of the run is void.
    public mutating func disconnected(now: Duration) -> [WorkerEffect] {
        guard !isFinished, isConnected else { return [] }
        let hasLanes = plan != nil || isExpelled
        isConnected = false
        forget(now)
        run = .unknown
        isExpelled = false
        queue.reset()
        if let leaving { return finish(.interrupted(signal: leaving.signal)) }
        return hasLanes ? [.reset, .report(.lost)] : []
    }

    private mutating func forget(_ now: Duration) {
        plan = nil
        shards.forget()
        queue.forget()
        startWaiting(now)
    }

    /// Advances the time.
    public mutating func tick(now: Duration) -> [WorkerEffect] {
        guard !isFinished else { return [] }
        // A hung lane must not keep the worker from leaving.
        if let leaving, now - leaving.since >= .seconds(5) { return leave(leaving.signal) }
        guard plan == nil, !isExpelled else { return [] }
        let waited = now - waitingSince
        if let timeout = settings.joinTimeout, waited >= timeout {
            return finish(.noCoordinator(contact(now)))
        }
        // The socket may have refused the hello while it was connecting.
        let hello: [WorkerEffect] = isConnected ? [.send(.hello(hello), RunID.unknown)] : []
        return now - lastNotice < .seconds(5) ? hello : hello + notice(now)
    }

    private func contact(_ now: Duration) -> Contact {
        if isConnected { return .connected }
        guard let obstacle else { return .none }
        // A resolver may take long for each try.
        if case .unresolved = obstacle.contact { return obstacle.contact }
        return now - obstacle.at < .seconds(5) ? obstacle.contact : .none
    }

    private mutating func notice(_ now: Duration) -> [WorkerEffect] {
        lastNotice = now
        let seconds = Int((now - waitingSince).components.seconds)
        return [.report(.waiting(seconds: seconds, contact(now)))]
    }

    /// Handles a signal to leave: the first lets the current answer finish, the second leaves at once.
    public mutating func interrupt(_ signal: Int32, now: Duration) -> [WorkerEffect] {
        guard !isFinished else { return [] }
        guard leaving == nil, plan != nil, let computing = queue.computing, computing == queue.step
        else { return leave(signal) }
        leaving = (signal, now)
        queue.drop()
        return []
    }

    mutating func leave(_ signal: Int32) -> [WorkerEffect] {
        let notice = Notice(reason: "it was stopped by a signal")
        return [.send(.leave(notice), run)] + finish(.interrupted(signal: signal))
    }

    // MARK: - Messages

    /// Handles a message from the coordinator of `run`, whose payload has been verified.
    public mutating func receive(
        _ message: CoordinatorMessage, run: RunID, now: Duration
    ) -> [WorkerEffect] {
        guard !isFinished else { return [] }
        switch message {
        case .welcome(let welcome): return take(welcome, run)
        case .refuse(let notice): return finish(.refused(notice.reason))
        // This also holds for an expelled worker.
        case .stop(let notice) where run == self.run && run != .unknown:
            // The coordinator waits for this before it closes the connection.
            return [.send(.leave(notice), run)] + finish(.dismissed(notice.reason))
        case _ where plan == nil || run != self.run, .stop: return []
        case .expel(let notice): return beExpelled(notice, now: now)
        case .ping: return [.send(.status(status(now)), run)]
        case .assign(let assigned):
            guard let plan, let slots = slots(of: assigned), shards.assign(slots, of: plan) else {
                return []
            }
        case .shardPart(let part):
            guard let plan, shards.store(part, of: plan) else { return [] }
            return [.storeShardPart(part)] + next(now)
        case .weights(let work):
            guard work.step >= 0, let slots = slots(of: work.ranges), !slots.isEmpty else {
                return []
            }
            queue.load(work, leaving == nil ? slots : [])
            return [.loadWeights(work)] + next(now)
        case .compute(let work):
            guard leaving == nil, let plan, let slots = slots(of: work.ranges),
                queue.add(work, slots, most: plan.shards)
            else { return [] }
        }
        return next(now)
    }

    private mutating func take(_ welcome: Welcome, _ run: RunID) -> [WorkerEffect] {
        guard plan == nil, !isExpelled else { return [] }
        guard let plan = BatchPlan(welcome), let architecture = Architecture(welcome) else {
            return finish(.refused("the coordinator's welcome message is invalid"))
        }
        // A few bytes can claim a huge network, so check it before any allocation.
        let need =
            hello.lanes * architecture.leastByteCount(capacity: RowGrouping(architecture).rows)
        guard memory >= need else { return refuse("the network", need, of: memory) }
        shards.begin(
            room: memory - need, exampleByteCount: architecture.exampleByteCount)
        self.plan = plan
        self.run = run
        return [
            .prepare(
                architecture, plan, seed: welcome.seed, labelSmoothing: welcome.labelSmoothing),
            .report(.joined(run)),
        ]
    }

    /// Ends the worker because a part of the run needs more memory than is free.
    mutating func refuse(_ what: String, _ need: Int, of free: Int) -> [WorkerEffect] {
        func megabytes(_ bytes: Int) -> String { "\(max(0, bytes).dividedUp(by: 1_000_000)) MB" }
        return finish(
            .refused(
                "\(what) needs \(megabytes(need)) of memory, and \(megabytes(free)) are free here: "
                    + "raise the container's limit, or take a machine with more memory"))
    }

    /// Handles an expulsion: the worker rejoins once its lanes are free.
    private mutating func beExpelled(_ notice: Notice, now: Duration) -> [WorkerEffect] {
        forget(now)
        isExpelled = true
        return [.report(.expelled(notice.reason))] + (queue.computing == nil ? beginAfresh() : [])
    }

    mutating func beginAfresh() -> [WorkerEffect] {
        isExpelled = false
        return [.reset, .send(.hello(hello), RunID.unknown)]
    }

    private func slots(of ranges: SlotRanges) -> [Range<Int>]? {
        plan.flatMap { ranges.slots(of: $0.shards) }
    }
}

extension Int {
    /// The quotient, rounded up.
    fileprivate func dividedUp(by divisor: Int) -> Int {
        self / divisor + (self % divisor > 0 ? 1 : 0)
    }
}
