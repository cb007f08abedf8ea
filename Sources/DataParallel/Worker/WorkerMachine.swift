import NeuralNetwork
import Protocol
import Training

/// All decisions of a worker: an event in, a list of effects out; no clock, socket or thread.
///
/// A worker fetches the data of the shards it is asked to compute, computes one range of slots at a
/// time, and answers with the partial sums. It remembers nothing between two connections.
public struct WorkerMachine: Sendable {
    let hello: Hello
    let settings: WorkerSettings

    private(set) var plan: BatchPlan?
    private var run = RunID.unknown
    private var isFinished = false
    private var isConnected = false
    private var waitingSince: Duration = .zero
    private var lastNotice: Duration = .zero

    /// The next example to fetch of each shard that is here in part or whole.
    private var fetched: [Int: Int] = [:]
    private var fetching: Int?
    /// The slots that the coordinator was told of no answer yet.
    private var assignment: Range<Int>?
    /// The step whose weights are loaded, and the ranges that wait to be computed with them.
    private var step: Int?
    private var queue: [Range<Int>] = []
    private var isComputing = false

    /// The machine of a worker that is not connected.
    public init(hello: Hello, settings: WorkerSettings) {
        self.hello = hello
        self.settings = settings
    }

    // MARK: - Connection

    /// The clock starts.
    public mutating func start(now: Duration) {
        waitingSince = now
        lastNotice = now
    }

    /// A coordinator has been reached.
    public mutating func connected(now: Duration) -> [WorkerEffect] {
        guard !isFinished else { return [] }
        isConnected = true
        return [.send(.hello(hello), RunID.unknown)]
    }

    /// The connection is gone; whatever was agreed over it is void.
    public mutating func disconnected(now: Duration) -> [WorkerEffect] {
        guard !isFinished, isConnected else { return [] }
        let wasMember = plan != nil
        forget()
        waitingSince = now
        lastNotice = now
        return wasMember ? [.reset, .report(.lost)] : []
    }

    private mutating func forget() {
        isConnected = false
        plan = nil
        run = .unknown
        fetched = [:]
        fetching = nil
        assignment = nil
        step = nil
        queue = []
        isComputing = false
    }

    /// Time has passed.
    public mutating func tick(now: Duration) -> [WorkerEffect] {
        guard !isFinished, plan == nil else { return [] }
        let waited = now - waitingSince
        if let timeout = settings.joinTimeout, waited >= timeout {
            return finish(.noCoordinator(isConnected: isConnected))
        }
        // The hello may have been refused while the connection was being made.
        let hello: [WorkerEffect] = isConnected ? [.send(.hello(hello), RunID.unknown)] : []
        guard now - lastNotice >= .seconds(5) else { return hello }
        lastNotice = now
        let seconds = Int(waited.components.seconds)
        return hello + [.report(.waiting(seconds: seconds, isConnected: isConnected))]
    }

    /// A signal asks to leave.
    public mutating func interrupt(_ signal: Int32) -> [WorkerEffect] {
        guard !isFinished else { return [] }
        let notice = Notice(reason: "it was told to stop by a signal")
        return [.send(.leave(notice), run)] + finish(.interrupted(signal: signal))
    }

    // MARK: - Messages

    /// A message has come from the coordinator of `run`; its payload frames are whole.
    public mutating func receive(
        _ message: CoordinatorMessage, run: RunID
    ) -> [WorkerEffect] {
        guard !isFinished else { return [] }
        switch message {
        case .welcome(let welcome): return take(welcome, run)
        case .refuse(let notice): return finish(.refused(notice.reason))
        case _ where plan == nil || run != self.run: return []
        case .stop(let notice):
            // The coordinator waits for this before it closes the connection.
            return [.send(.leave(notice), run)] + finish(.dismissed(notice.reason))
        case .ping: return []
        case .assign(let range): return assign(range)
        case .shardPart(let part): return store(part)
        case .weights(let work):
            guard let slots = slots(of: work) else { return [] }
            step = work.step
            queue = [slots]
            return [.loadWeights(work)] + next()
        case .compute(let work):
            guard work.step == step, let slots = slots(of: work) else { return [] }
            queue.append(slots)
            return next()
        }
    }

    private mutating func take(_ welcome: Welcome, _ run: RunID) -> [WorkerEffect] {
        guard plan == nil else { return [] }
        guard let plan = BatchPlan(welcome), let architecture = Architecture(welcome),
            (0..<1).contains(welcome.labelSmoothing)
        else {
            return finish(.refused("the coordinator's welcome makes no sense to this worker"))
        }
        self.plan = plan
        self.run = run
        return [
            .prepare(
                architecture, plan, seed: welcome.seed, labelSmoothing: welcome.labelSmoothing),
            .report(.joined(run)),
        ]
    }

    private mutating func assign(_ range: SlotRange) -> [WorkerEffect] {
        guard let plan, let slots = range.slots(of: plan.shards) else { return [] }
        assignment = slots
        return next()
    }

    private func slots(of work: WorkHeader) -> Range<Int>? {
        guard let plan, work.step >= 0 else { return nil }
        return work.range.slots(of: plan.shards)
    }

    private mutating func store(_ part: ShardPart) -> [WorkerEffect] {
        guard let plan, fetching == part.shard, part.first == fetched[part.shard, default: 0],
            part.count > 0, part.first + part.count <= plan.examples(inShard: part.shard)
        else { return [] }
        fetching = nil
        fetched[part.shard] = part.first + part.count
        return [.storeShardPart(part)] + next()
    }

    // MARK: - Work

    /// What comes next: fetching what the work or the assignment lacks, computing, or being ready.
    private mutating func next() -> [WorkerEffect] {
        var effects: [WorkerEffect] = []
        if let wanted = firstMissing(queue.first ?? 0..<0) ?? firstMissing(assignment ?? 0..<0),
            fetching == nil
        {
            fetching = wanted
            let fetch = Fetch(shard: wanted, first: fetched[wanted, default: 0])
            effects.append(.send(.fetch(fetch), run))
        }
        if let slots = assignment, firstMissing(slots) == nil {
            assignment = nil
            effects.append(.send(.ready(SlotRange(slots)), run))
        }
        if let step, !isComputing, let slots = queue.first, firstMissing(slots) == nil {
            queue.removeFirst()
            isComputing = true
            effects.append(.compute(slots, step: step))
        }
        return effects
    }

    /// The first shard under `slots` whose data is not whole.
    private func firstMissing(_ slots: Range<Int>) -> Int? {
        guard let plan else { return nil }
        return slots.lazy.map { shard(atSlot: $0, of: plan.shards) }
            .first { fetched[$0, default: 0] < plan.examples(inShard: $0) }
    }

    /// The lanes have computed what the last `compute` effect asked for.
    ///
    /// The sums are sent only if they are still those of the step under way.
    public mutating func computed(step: Int) -> [WorkerEffect] {
        isComputing = false
        guard !isFinished else { return [] }
        let isCurrent = self.step == step
        return (isCurrent ? [.sendSums(step: step, run)] : [.discardSums]) + next()
    }

    private mutating func finish(_ outcome: WorkerOutcome) -> [WorkerEffect] {
        isFinished = true
        return [.finish(outcome)]
    }
}

/// What a worker's decisions depend on.
public struct WorkerSettings: Sendable {
    /// How long to wait for a coordinator; nil for ever.
    public var joinTimeout: Duration?

    /// The settings of a worker.
    public init(joinTimeout: Duration?) { self.joinTimeout = joinTimeout }
}

/// What the worker must do next, in order.
public enum WorkerEffect: Sendable, Equatable {
    /// Send a message without payload.
    case send(WorkerMessage, RunID)
    /// Make lanes for the network and the data of a run.
    case prepare(Architecture, BatchPlan, seed: UInt64, labelSmoothing: Double)
    /// Forget the run's lanes and data.
    case reset
    /// Keep the examples in the payload at hand.
    case storeShardPart(ShardPart)
    /// Keep the weights in the payload at hand for the computations to come.
    case loadWeights(WorkHeader)
    /// Compute the partial sums of a range of slots, and report back.
    case compute(Range<Int>, step: Int)
    /// Send what was computed.
    case sendSums(step: Int, RunID)
    /// Forget what was computed.
    case discardSums
    /// Tell the log.
    case report(WorkerEvent)
    /// End.
    case finish(WorkerOutcome)
}

/// Something that happened to a worker.
public enum WorkerEvent: Sendable, Equatable {
    /// It was taken in.
    case joined(RunID)
    /// Its coordinator is gone.
    case lost
    /// It waits for a coordinator; with the seconds so far, and whether it could connect at least.
    case waiting(seconds: Int, isConnected: Bool)
    /// A message was dropped.
    case dropped(String)
}

/// How a worker ends.
public enum WorkerOutcome: Sendable, Equatable {
    /// The coordinator sent it home, for this reason.
    case dismissed(String)
    /// The coordinator did not take it in.
    case refused(String)
    /// No coordinator answered in time.
    case noCoordinator(isConnected: Bool)
    /// A signal ended it.
    case interrupted(signal: Int32)
    /// The process that started it is gone.
    case orphaned
}
