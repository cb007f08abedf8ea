import Protocol
import Reduction
import RunEvents

/// Measures where the time of a coordinator's steps goes: what happens, and when, in; a report out.
///
/// It has no clock of its own. Its owner reads one where a phase begins, so that a step costs a few reads
/// and no allocation. At any time exactly one phase is under way, so the phases add up to the interval.
package struct StepClock<Peer: Hashable & Sendable>: Sendable {
    /// What the coordinator's thread does, or waits for.
    package enum Phase: Int, CaseIterable, Sendable {
        case send, first, wait, reduce, update, record, other
    }

    private var phase = Phase.other
    /// When that phase began: the last time that was told.
    private var since: Duration
    private var times = [Duration](repeating: .zero, count: Phase.allCases.count)
    /// The times at the last update, and when the step under way began.
    private var timesBefore = [Duration](repeating: .zero, count: Phase.allCases.count)
    private var stepStart: Duration = .zero
    private var durations = StepDurations()
    /// What is known of the step under way where it is logged.
    private var logged: LoggedStep<Peer>?
    private var stepTiming: StepTiming?
    private var intervalStart: Duration
    /// Whether a step is under way, and whether one was at any time of the interval.
    private var isStepping = false
    private var hasStepped = false
    private var hasSum = false

    private var steps = 0
    private var tally = Tally()
    private var learningRate: Double?
    private var traffic = TimingReport.Traffic()
    private var workers = WorkerClocks<Peer>()
    private var joined = 0
    /// How often a step has begun: which requests are of the step under way.
    private var round = 0
    /// The workers that owe sums to the step under way, and the one that alone does.
    private var owing = 0
    private var sole: (peer: Peer, since: Duration)?
    /// Keeps all of a few steps; nil where none are to be traced.
    private var tracer: StepTracer<Peer>?
    /// The first of the workers that the next report has, where there are too many for one.
    private var turn = 0

    /// The workers that a report has, beside the slowest.
    private static var mostWorkers: Int { 32 }

    /// The clock of a coordinator that has begun no step.
    ///
    /// - Parameter traced: the steps to be traced, counted from 1.
    package init(now: Duration, tracing traced: ClosedRange<Int>? = nil) {
        (since, intervalStart) = (now, now)
        tracer = traced.map { StepTracer($0) }
    }

    // MARK: - Phases

    /// A phase begins, and the one before ends.
    package mutating func enter(_ phase: Phase, at now: Duration) {
        let now = max(now, since)
        times[self.phase.rawValue] += now - since
        if isTracing { tracer?.note(phase: "\(self.phase)", since..<now) }
        (self.phase, since) = (phase, now)
    }

    /// A step begins, counted from 1: its weights are sent.
    ///
    /// - Parameter isLogged: whether the log is to tell where its time went.
    package mutating func begin(step: Int, isLogged: Bool = false, at now: Duration) {
        enter(.send, at: now)
        stepStart = since
        logged = isLogged ? LoggedStep() : nil
        tracer?.begin(step: step, at: since)
        (isStepping, hasStepped, hasSum) = (true, true, false)
        round += 1
        (owing, sole) = (0, nil)
    }

    /// All that could be done is done: what comes next is waited for.
    package mutating func rest(at now: @autoclosure () -> Duration) {
        let waiting: Phase = !isStepping ? .other : hasSum ? .wait : .first
        guard phase != waiting else { return }
        enter(waiting, at: now())
        if !isStepping { tracer?.end(at: since) }
    }

    /// All sums of the step are in, and it is updated.
    package mutating func beginUpdate(at now: Duration) {
        enter(.update, at: now)
        endLateness(at: now)
    }

    /// The step is made.
    package mutating func updated(_ tally: Tally, learningRate: Double, at now: Duration) {
        durations.add(seconds: (now - stepStart).inSeconds)
        if let logged {
            var phases = phases(since: timesBefore)
            phases.update += max(.zero, now - since).inSeconds
            stepTiming = logged.timing(phases) { workers.clock(of: $0)?.name }
            self.logged = nil
        }
        for phase in times.indices { timesBefore[phase] = times[phase] }
        // What of the update was told of above is not told of again.
        timesBefore[Phase.update.rawValue] += max(.zero, now - since)
        steps += 1
        self.tally += tally
        self.learningRate = learningRate
        isStepping = false
    }

    /// Where the time of a logged step went, once after its update.
    package mutating func takeStepTiming() -> StepTiming? { stepTiming.take() }

    /// The step is left as it is: the run goes back, waits for a disk, or ends.
    package mutating func suspend() { isStepping = false }

    // MARK: - Workers

    /// A peer has become a worker; of others only the bytes are counted.
    package mutating func join(_ peer: Peer, name: String) {
        joined += 1
        workers.add(peer, WorkerClock(name: name, number: joined))
    }

    /// A message is sent to a peer.
    package mutating func sent(_ bytes: Int, to peer: Peer) {
        traffic.bytesSent += bytes
        traffic.messagesSent += 1
        guard let place = workers.place(of: peer) else { return }
        workers.entries[place].clock.bytesSent += bytes
    }

    /// A message has come from a peer.
    package mutating func received(_ bytes: Int, from peer: Peer) {
        traffic.bytesReceived += bytes
        traffic.messagesReceived += 1
        guard let place = workers.place(of: peer) else { return }
        workers.entries[place].clock.bytesReceived += bytes
    }

    /// A worker is asked for the sums of so many slots, in a message of so many bytes that no other call tells of.
    package mutating func ask(_ peer: Peer, slots: Int, bytes: Int) {
        if bytes > 0 {
            traffic.bytesSent += bytes
            traffic.messagesSent += 1
        }
        if let place = workers.place(of: peer),
            workers.entries[place].clock.ask(slots: slots, bytes: bytes, round: round, at: since)
        {
            owing += 1
            endLateness(at: since)
        }
        if isTracing { tracer?.ask(peer, at: since) }
    }

    /// A worker has sent a sum of the step under way, whose last one tells where its time went.
    ///
    /// - Parameter isLast: whether it owes no other.
    package mutating func answer(
        _ peer: Peer, _ timing: WorkTiming?, isLast: Bool, at now: Duration
    ) {
        hasSum = true
        if let timing, logged != nil { logged?.note(timing, of: peer) }
        guard let place = workers.place(of: peer),
            workers.entries[place].clock.answer(timing, isLast: isLast, round: round, at: now)
        else { return }
        owing -= 1
        if owing == 0 { logged?.last = peer }
        endLateness(at: now)
        guard owing == 1,
            let late = workers.entries.firstIndex(where: { $0.clock.owes(round: round) })
        else { return }
        sole = (workers.entries[late].peer, now)
    }

    private mutating func endLateness(at now: Duration) {
        guard let (peer, since) = sole else { return }
        if let place = workers.place(of: peer) {
            workers.entries[place].clock.lateness += now - since
        }
        sole = nil
    }

    /// So many sums of a worker were computed by another one too, with the same bits, since it joined.
    package mutating func confirm(_ count: Int, of peer: Peer) {
        guard let place = workers.place(of: peer) else { return }
        workers.entries[place].clock.confirmed = count
    }

    /// A ping is sent to a worker.
    package mutating func ping(_ peer: Peer, at now: Duration) {
        guard let place = workers.place(of: peer) else { return }
        workers.entries[place].clock.offset.ping(at: now)
    }

    /// A worker has answered a ping, with what its clock shows.
    package mutating func answerPing(_ peer: Peer, clock: Duration, at now: Duration) {
        guard let place = workers.place(of: peer) else { return }
        workers.entries[place].clock.offset.answer(clock: clock, at: now)
    }

    // MARK: - Traces

    /// Whether the step under way is traced.
    package var isTracing: Bool { tracer?.isTracing == true }

    /// Notes, for a trace, where a worker's time went that has sent its last sum of a range.
    package mutating func trace(_ timing: WorkTiming, of peer: Peer, at now: Duration) {
        guard let worker = workers.clock(of: peer) else { return }
        tracer?.answer(peer, name: worker.name, timing, offset: worker.offset.best, at: now)
    }

    /// The traces of the steps that have ended since the last call.
    package mutating func takeTraces() -> [StepTrace] { tracer?.takeFinished() ?? [] }

    // MARK: - Reports

    /// What was measured since the last report; nil where no step was under way.
    ///
    /// - Parameters:
    ///   - members: the workers that are here; those that have left since are told of if they did a step.
    ///   - seconds: the time of training so far.
    ///   - epoch: the epoch, counted from 1.
    ///   - step: the steps made.
    package mutating func report(
        at now: Duration, members: Set<Peer>, seconds: Double, epoch: Int, step: Int
    ) -> TimingReport? {
        enter(phase, at: now)
        if let sole {
            endLateness(at: now)
            self.sole = (sole.peer, now)
        }
        defer { beginInterval(at: now, members) }
        guard hasStepped || isStepping else { return nil }
        var report = TimingReport(
            interval: (now - intervalStart).inSeconds, seconds: seconds, epoch: epoch, step: step)
        report.steps = steps
        report.examples = tally.examples
        if steps > 0 { (report.loss, report.accuracy) = (tally.meanLoss, tally.accuracy) }
        report.learningRate = learningRate
        report.phases = phases()
        report.durations = durations.counts
        report.traffic = traffic
        for place in workers.entries.indices {
            workers.entries[place].clock.countAnswer(round: round)
        }
        let timings = workers.entries.filter { $0.clock.hasAnswered || members.contains($0.peer) }
            .sorted { $0.clock.number < $1.clock.number }.map(\.clock.timing)
        report.workers = timings
        report.bound = Bottleneck(report)?.description
        report.workers = choose(timings)
        return report
    }

    /// The times of the interval, less those of a moment in it.
    private func phases(since before: [Duration]? = nil) -> TimingReport.Phases {
        func seconds(_ phase: Phase) -> Double {
            (times[phase.rawValue] - (before?[phase.rawValue] ?? .zero)).inSeconds
        }
        var phases = TimingReport.Phases()
        (phases.send, phases.first, phases.wait) = (seconds(.send), seconds(.first), seconds(.wait))
        (phases.reduce, phases.update) = (seconds(.reduce), seconds(.update))
        (phases.record, phases.other) = (seconds(.record), seconds(.other))
        return phases
    }

    /// All workers, or of many some in turns and the slowest.
    private mutating func choose(
        _ timings: [TimingReport.WorkerTiming]
    ) -> [TimingReport.WorkerTiming] {
        guard timings.count > Self.mostWorkers else { return timings }
        let first = turn % timings.count
        turn = first + Self.mostWorkers
        var chosen = (0..<Self.mostWorkers).map { timings[(first + $0) % timings.count] }
        if let slowest = timings.max(by: { $0.answer < $1.answer }),
            !chosen.contains(where: { $0.worker == slowest.worker })
        {
            chosen.append(slowest)
        }
        return chosen
    }

    /// Begins a new interval, and forgets workers that are gone.
    private mutating func beginInterval(at now: Duration, _ members: Set<Peer>) {
        intervalStart = now
        for phase in times.indices {
            timesBefore[phase] -= times[phase]
            times[phase] = .zero
        }
        durations.clear()
        hasStepped = isStepping
        (steps, tally, learningRate, traffic) = (0, Tally(), nil, TimingReport.Traffic())
        workers.keep { members.contains($0) }
        for place in workers.entries.indices { workers.entries[place].clock.beginInterval() }
    }
}

extension Duration {
    /// The duration in seconds.
    var inSeconds: Double { self / .seconds(1) }
}
