import NeuralNetwork
import Protocol
import Reduction
import Training

/// All decisions of a worker: an event in, a list of effects out; no clock, socket or thread.
///
/// A worker fetches the data of the shards it is asked to compute, computes one range of slots at a
/// time, and answers with the partial sums. It keeps the data while it is a member; it remembers
/// nothing between two connections, nor after its coordinator has dropped it.
public struct WorkerMachine: Sendable {
    let hello: Hello
    let settings: WorkerSettings
    /// The bytes of memory that a run may take here, as they were when its coordinator was reached.
    private var memory: Int

    var plan: BatchPlan?
    var run = RunID.unknown
    var isFinished = false
    var isConnected = false
    private var waitingSince: Duration = .zero
    private var lastNotice: Duration = .zero
    /// What has kept it from a coordinator last, and when.
    private var obstacle: (contact: Contact, at: Duration)?
    /// The signal that asks it to leave, and since when, while it finishes its answer.
    var leaving: (signal: Int32, since: Duration)?
    /// Whether it was dropped and waits for its lanes, to begin afresh.
    var isExpelled = false

    var shards = HeldShards()
    var queue = RangeQueue()
    /// What it has been doing, and since when.
    var activity: (phase: WorkerStatus.Phase, since: Duration) = (.idle, .zero)

    /// The machine of a worker that is not connected.
    ///
    /// - Parameter memory: the bytes that a run may take here, unless ``connected(memory:now:)`` says
    ///   otherwise; a run that needs more is refused.
    public init(hello: Hello, settings: WorkerSettings, memory: Int = .max) {
        self.hello = hello
        self.settings = settings
        self.memory = memory
    }

    /// How often the run had gone back, modulo 256, when the coordinator asked for the work under way.
    package var attempt: UInt8 { queue.attempt }

    // MARK: - Connection

    /// The clock starts.
    public mutating func start(now: Duration) { startWaiting(now) }

    private mutating func startWaiting(_ now: Duration) {
        waitingSince = now
        lastNotice = now
        obstacle = nil
    }

    /// A coordinator has been reached.
    ///
    /// - Parameter memory: the bytes that a run may take here now; nil for as many as before.
    public mutating func connected(memory: Int? = nil, now: Duration) -> [WorkerEffect] {
        guard !isFinished else { return [] }
        isConnected = true
        self.memory = memory ?? self.memory
        return [.send(.hello(hello), RunID.unknown)]
    }

    /// Somebody was reached, and hung up before both had greeted each other.
    public mutating func turnedAway(now: Duration) -> [WorkerEffect] {
        meet(.turnedAway, now: now)
    }

    /// The coordinator's name cannot be resolved, for this reason.
    public mutating func unresolved(_ reason: String, now: Duration) -> [WorkerEffect] {
        meet(.unresolved(reason), now: now)
    }

    /// The coordinator's name has been resolved.
    public mutating func dialling() {
        if case .unresolved? = obstacle?.contact { obstacle = nil }
    }

    private mutating func meet(_ contact: Contact, now: Duration) -> [WorkerEffect] {
        guard !isFinished, !isConnected else { return [] }
        obstacle = (contact, now)
        // The first time it is told at once.
        return lastNotice == waitingSince ? notice(now) : []
    }

    /// The connection is gone; whatever was agreed over it is void.
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

    /// Time has passed.
    public mutating func tick(now: Duration) -> [WorkerEffect] {
        guard !isFinished else { return [] }
        // A lane that hangs does not keep it for ever.
        if let leaving, now - leaving.since >= .seconds(5) { return leave(leaving.signal) }
        guard plan == nil, !isExpelled else { return [] }
        let waited = now - waitingSince
        if let timeout = settings.joinTimeout, waited >= timeout {
            return finish(.noCoordinator(contact(now)))
        }
        // The hello may have been refused while the connection was being made.
        let hello: [WorkerEffect] = isConnected ? [.send(.hello(hello), RunID.unknown)] : []
        return now - lastNotice < .seconds(5) ? hello : hello + notice(now)
    }

    private func contact(_ now: Duration) -> Contact {
        if isConnected { return .connected }
        guard let obstacle else { return .none }
        // A resolver may take its time for each try.
        if case .unresolved = obstacle.contact { return obstacle.contact }
        return now - obstacle.at < .seconds(5) ? obstacle.contact : .none
    }

    private mutating func notice(_ now: Duration) -> [WorkerEffect] {
        lastNotice = now
        let seconds = Int((now - waitingSince).components.seconds)
        return [.report(.waiting(seconds: seconds, contact(now)))]
    }

    /// A signal asks to leave: first with the answer under way, the second time at once.
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

    /// A message has come from the coordinator of `run`; its payload frames are whole.
    public mutating func receive(
        _ message: CoordinatorMessage, run: RunID, now: Duration
    ) -> [WorkerEffect] {
        guard !isFinished else { return [] }
        switch message {
        case .welcome(let welcome): return take(welcome, run)
        case .refuse(let notice): return finish(.refused(notice.reason))
        // Also where it was dropped before.
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
        // The network is a claim of a few bytes, which must not reach an allocation unchecked.
        let need =
            hello.lanes * architecture.leastByteCount(capacity: ShardGradients.rowsPerPass)
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

    /// Ends because something of the run needs more bytes than are free.
    mutating func refuse(_ what: String, _ need: Int, of free: Int) -> [WorkerEffect] {
        func megabytes(_ bytes: Int) -> String { "\(max(0, bytes).dividedUp(by: 1_000_000)) MB" }
        return finish(
            .refused(
                "\(what) needs \(megabytes(need)) of memory, and \(megabytes(free)) are free here: "
                    + "raise the container's limit, or take a machine with more memory"))
    }

    /// The coordinator has gone on without this worker, which begins afresh once its lanes are free.
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
