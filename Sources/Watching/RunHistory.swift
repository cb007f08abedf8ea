import Bounds
import Monitoring
import Training

/// What has happened in a run, made of its events.
public struct RunHistory: Sendable, Equatable {
    /// A span of time in which the run was in one state.
    public struct Span: Sendable, Equatable, Codable {
        /// The state.
        public var state: RunState
        /// When it began, in seconds since 1970.
        public var start: Double
    }

    /// How often things have happened.
    public struct Counts: Sendable, Equatable, Codable {
        /// The sessions: the first, and one for each resume or restart.
        public var sessions = 0
        /// Workers that joined.
        public var joined = 0
        /// Workers that left.
        public var left = 0
        /// Times that a worker was late.
        public var late = 0
        /// Sums that were found wrong.
        public var wrong = 0
        /// Peers that were refused.
        public var refused = 0
        /// Messages that were dropped.
        public var dropped = 0
        /// Times that the run went back.
        public var rewinds = 0
        /// Checkpoints that were written.
        public var checkpoints = 0
    }

    /// What the run was last known to do.
    public private(set) var state = RunState.unknown
    /// The states that it was in, the newest of them.
    public private(set) var spans: [Span] = []
    /// The workers, in the order in which they first joined; of very many the newest.
    public private(set) var workers: [WorkerView] = []
    /// The newest lines of the log.
    public private(set) var log: [EventLine] = []
    /// How many lines the log has had.
    public private(set) var lineCount = 0
    /// When checkpoints were written, in seconds since 1970; the newest times.
    public private(set) var checkpointTimes: [Double] = []
    /// When sessions after the first began, in seconds since 1970; the newest times.
    public private(set) var restartTimes: [Double] = []
    /// How often things have happened.
    public private(set) var counts = Counts()
    /// The steps that the run is to have made at its end; nil where no event tells.
    public private(set) var totalSteps: Int?
    /// The workers that training needs; nil where no event tells.
    public private(set) var needed: Int?
    /// The version of Tern that began the newest session.
    public private(set) var version: String?
    /// Whether the newest session began on this machine.
    public private(set) var isLocal = false
    /// When the run began, in seconds since 1970.
    public private(set) var start: Double?
    /// When the newest event happened.
    public private(set) var lastTime: Double?
    /// When the newest session ended; nil while it goes on.
    public private(set) var end: Double?
    /// The steps made at the newest event.
    public private(set) var step = 0
    /// Why the run ended, where it did not complete.
    public private(set) var reason: String?

    private var places: [String: Int] = [:]

    /// Of so many lines of the log at least the newest are kept, and fewer than twice as many.
    package static let mostLines = 500
    /// The same of workers.
    package static let mostWorkers = 2048
    /// The most times and states that are kept.
    package static let mostMarks = 200

    /// A run of which nothing is known.
    public init() {}

    /// The workers that are here.
    public var members: Int { workers.count { $0.state != .left } }

    /// Takes note of an event.
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

    /// Takes note of what timing tells of a worker.
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

    /// Forgets what timing has told, which is read anew.
    package mutating func forgetTiming() {
        for place in workers.indices {
            (workers[place].bytesSent, workers[place].bytesReceived) = (0, 0)
            workers[place].audits = 0
        }
    }

    private mutating func keep(_ event: EventLine) {
        guard event.text != nil else { return }
        var event = event
        // Not shown, and a file may have very long ones.
        (event.shards, event.workers, event.metadata, event.failure) = (nil, nil, nil, nil)
        log.append(event)
        lineCount += 1
        // Seldom, and many at once: each removal moves all that are left.
        if log.count >= 2 * Self.mostLines { log.removeFirst(log.count - Self.mostLines) }
    }
}

extension [Double] {
    /// Adds the time of something that happened, and forgets the oldest of very many.
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
        // Those of a coordinator that was killed have left no event.
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
            // The later of many times are told seldom.
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

    /// Forgets workers that are gone, those first that are so for longest, or else those that joined first.
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
