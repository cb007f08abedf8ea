import Bounds
import Monitoring
import RunEvents

/// The history of a run, from its events.
public struct RunHistory: Sendable, Equatable {
    /// A time span in which the run was in one state.
    public struct Span: Sendable, Equatable, Codable {
        /// The state.
        public var state: RunState
        /// When it began, in seconds since 1970.
        public var start: Double
    }

    /// How often each kind of event happened.
    public struct Counts: Sendable, Equatable, Codable {
        /// Sessions: the first, and one per resume or restart.
        public var sessions = 0
        /// Workers that joined.
        public var joined = 0
        /// Workers that left.
        public var left = 0
        /// Times that a worker was late.
        public var late = 0
        /// Wrong sums.
        public var wrong = 0
        /// Rejected peers.
        public var refused = 0
        /// Dropped messages.
        public var dropped = 0
        /// Rewinds.
        public var rewinds = 0
        /// Written checkpoints.
        public var checkpoints = 0
    }

    /// The last known state.
    public private(set) var state = RunState.unknown
    /// The newest states of the run.
    public private(set) var spans: [Span] = []
    /// The workers in the order of their first joining; if there are very many, the newest.
    public private(set) var workers: [WorkerView] = []
    /// The newest lines of the log.
    public private(set) var log: [EventLine] = []
    /// The number of lines logged so far.
    public private(set) var lineCount = 0
    /// The newest times at which checkpoints were written, in seconds since 1970.
    public private(set) var checkpointTimes: [Double] = []
    /// The newest times at which sessions after the first began, in seconds since 1970.
    public private(set) var restartTimes: [Double] = []
    /// How often each kind of event happened.
    public private(set) var counts = Counts()
    /// The total steps of the run; nil if no event has it.
    public private(set) var totalSteps: Int?
    /// The number of workers that training needs; nil if no event has it.
    public private(set) var needed: Int?
    /// The version of Tern in the newest session.
    public private(set) var version: String?
    /// Whether the newest session began on this machine.
    public private(set) var isLocal = false
    /// When the run began, in seconds since 1970.
    public private(set) var start: Double?
    /// The time of the newest event.
    public private(set) var lastTime: Double?
    /// The end of the newest session; nil while it runs.
    public private(set) var end: Double?
    /// The steps made by the newest event.
    public private(set) var step = 0
    /// Why the run ended, unless it completed.
    public private(set) var reason: String?

    private var places: [String: Int] = [:]

    /// The number of log lines to keep; up to twice as many are stored before the oldest are
    /// removed.
    package static let mostLines = 500
    /// The number of workers to keep, likewise.
    package static let mostWorkers = 2048
    /// The maximum number of times and states to keep.
    package static let mostMarks = 200

    /// An empty history.
    public init() {}

    /// The number of current workers.
    public var members: Int { workers.count { $0.state != .left } }

    /// Adds an event.
    package mutating func add(_ event: EventLine) {
        if start == nil { start = event.time }
        lastTime = event.time
        step = event.step ?? step
        keep(event)
        switch event.event {
        case "run_started": begin(event)
        case "worker_joined", "worker_left", "shards_assigned", "worker_late", "worker_standing_by",
            "worker_back", "worker_wrong":
            addWorker(event)
        case "peer_refused": counts.refused += 1
        case "message_dropped": counts.dropped += 1
        case "flood_dropped": counts.dropped = counts.dropped.addingWithLimit(event.times ?? 1)
        case "checkpoint_written":
            counts.checkpoints += 1
            checkpointTimes.mark(event.time)
        default: addState(event)
        }
    }

    /// Adds a worker's measurements from the timing.
    package mutating func add(_ timing: TimingReport.WorkerTiming) {
        guard let place = places[timing.worker] else { return }
        workers[place].bytesSent = workers[place].bytesSent.addingWithLimit(timing.bytesSent)
        workers[place].bytesReceived =
            workers[place].bytesReceived.addingWithLimit(timing.bytesReceived)
        workers[place].audits = timing.audits ?? workers[place].audits
        guard timing.steps > 0 else { return }
        workers[place].answer = timing.answer
        workers[place].busy = timing.busy
        workers[place].lateness = timing.lateness
        let lanes = timing.lanes
        workers[place].laneTimes =
            lanes.isEmpty ? [] : [lanes[0], lanes[lanes.count / 2], lanes[lanes.count - 1]]
    }

    /// Resets what came from the timing, before it is read again.
    package mutating func forgetTiming() {
        for place in workers.indices {
            (workers[place].bytesSent, workers[place].bytesReceived) = (0, 0)
            workers[place].audits = 0
        }
    }

    private mutating func keep(_ event: EventLine) {
        guard event.text != nil else { return }
        var event = event
        // These are not shown, and may be very long.
        (event.shards, event.workers, event.metadata, event.failure) = (nil, nil, nil, nil)
        log.append(event)
        lineCount += 1
        // Rare removals of many lines, because each one moves all remaining lines.
        if log.count >= 2 * Self.mostLines { log.removeFirst(log.count - Self.mostLines) }
    }
}

extension [Double] {
    /// Adds the time of an event, and drops the oldest if there are too many.
    fileprivate mutating func mark(_ time: Double) {
        append(time)
        if count > RunHistory.mostMarks { removeFirst() }
    }
}

// MARK: - The run

extension RunHistory {
    private mutating func begin(_ event: EventLine) {
        counts.sessions += 1
        if counts.sessions > 1 { restartTimes.mark(event.time) }
        version = event.version
        isLocal =
            event.host == plainText(EventLine.ownHost)
            && [nil, EventLine.ownNamespace].contains(event.namespace)
        totalSteps = event.totalSteps ?? totalSteps
        needed = event.needed ?? needed
        end = nil
        reason = nil
        // Workers of a killed coordinator have no event that ends their membership.
        for place in workers.indices where workers[place].state != .left {
            leave(place, at: event.time, reason: "a new session began")
        }
        enter(.waiting, event)
    }

    private mutating func addState(_ event: EventLine) {
        switch event.event {
        case "training_started", "run_rewound":
            if event.event == "run_rewound" { counts.rewinds += 1 }
            enter(.training, event)
        case "run_paused":
            needed = event.needed ?? needed
            enter(.paused, event)
        case "run_waiting": needed = event.needed ?? needed
        case "run_rewinding": enter(.rewinding, event)
        case "run_stopping": enter(.stopping, event)
        case "run_ended":
            enter(event.status.flatMap(RunState.init) ?? .failed, event)
            end = event.time
            reason = event.reason
            for place in workers.indices where workers[place].state != .left {
                leave(place, at: event.time, reason: "the run ended")
            }
        default: break
        }
    }

    private mutating func enter(_ new: RunState, _ event: EventLine) {
        state = new
        spans.append(Span(state: new, start: event.time))
        if spans.count > Self.mostMarks { spans.removeFirst() }
    }
}

// MARK: - Workers

extension RunHistory {
    private mutating func addWorker(_ event: EventLine) {
        guard let name = event.worker else { return }
        if event.event == "worker_joined" { return join(name, event) }
        guard let place = places[name] else { return }
        switch event.event {
        case "worker_left":
            counts.left += 1
            leave(place, at: event.time, reason: event.reason)
        case "shards_assigned": workers[place].shards = event.shards?.count ?? 0
        case "worker_late":
            // After many occurrences, only some are reported.
            let (before, times) = (workers[place].late, event.times ?? workers[place].late + 1)
            counts.late = counts.late.addingWithLimit(max(1, times - before))
            workers[place].late = times
            workers[place].lateTimes.mark(event.time)
        case "worker_standing_by": workers[place].state = .standby
        case "worker_back": workers[place].state = .here
        default:
            counts.wrong += 1
            workers[place].strikes = event.times ?? workers[place].strikes + 1
            workers[place].wrongTimes.mark(event.time)
        }
    }

    private mutating func join(_ name: String, _ event: EventLine) {
        counts.joined += 1
        var worker = WorkerView(name: name, host: event.host ?? "", joined: event.time)
        worker.address = event.address
        worker.lanes = event.lanes ?? 1
        worker.kernels = event.kernels ?? ""
        if let place = places[name] {
            worker.late = workers[place].late
            worker.strikes = workers[place].strikes
            workers[place] = worker
            return
        }
        if workers.count >= 2 * Self.mostWorkers { forgetSome() }
        places[name] = workers.count
        workers.append(worker)
    }

    /// Drops workers that left, the earliest first, then those that joined first.
    private mutating func forgetSome() {
        let order = workers.indices.sorted { first, second in
            (workers[first].left ?? .infinity, first) < (workers[second].left ?? .infinity, second)
        }
        let forgotten = Set(order.prefix(workers.count - Self.mostWorkers))
        workers = workers.indices.filter { !forgotten.contains($0) }.map { workers[$0] }
        places = Dictionary(
            workers.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private mutating func leave(_ place: Int, at time: Double, reason: String?) {
        workers[place].state = .left
        workers[place].left = time
        workers[place].reason = reason
        workers[place].shards = 0
    }
}
