import Protocol
import Reduction
import RunEvents

/// Measures how a coordinator's steps spend their time: events with times in, a report out.
///
/// It has no clock of its own. Its owner reads one at the start of each phase, so that a step costs a few reads
/// and no allocation. Exactly one phase is active at any time, so the phases add up to the interval.
package struct StepClock<Peer: Hashable & Sendable>: Sendable {
    /// What the coordinator's thread does or waits for.
    package enum Phase: Int, CaseIterable, Sendable {
        case send, first, wait, reduce, update, record, other
    }

    private var phase = Phase.other
    /// When that phase began, which is the latest time known.
    private var since: Duration
    private var times = [Duration](repeating: .zero, count: Phase.allCases.count)
    /// The times at the last update, and when the current step began.
    private var timesBefore = [Duration](repeating: .zero, count: Phase.allCases.count)
    private var stepStart: Duration = .zero
    private var durations = StepDurations()
    /// The timings of the current step, if it is logged.
    private var logged: LoggedStep<Peer>?
    private var stepTiming: StepTiming?
    /// Whether the workers should tell their times in the current step, and when they last did.
    package private(set) var isTimed = false
    private var timedAt: Duration?
    private var intervalStart: Duration
    /// Whether a step is running, and whether one ran at any time in the interval.
    private var isStepping = false
    private var hasStepped = false
    private var hasSum = false

    private var steps = 0
    private var tally = Tally()
    private var learningRate: Double?
    private var traffic = TimingReport.Traffic()
    private var workers = WorkerClocks<Peer>()
    private var joined = 0
    /// How often a step has begun; it identifies the current step's requests.
    private var round = 0
    /// The number of workers that owe sums to the current step, and the worker that alone does.
    private var owing = 0
    private var sole: (peer: Peer, since: Duration)?
    /// Records traced steps in full; nil if none are traced.
    private var tracer: StepTracer<Peer>?
    /// The first worker of the next report, if there are too many for one report.
    private var turn = 0

    /// The shortest time between two steps that workers time, unless they are logged or traced: of steps that are
    /// shorter, a sample says as much and costs less.
    private static var timingInterval: Duration { .milliseconds(10) }
    /// The most workers in a report, in addition to the slowest.
    private static var mostWorkers: Int { 32 }

    /// The clock of a coordinator before its first step.
    ///
    /// - Parameter traced: the steps to trace, counted from 1.
    package init(now: Duration, tracing traced: ClosedRange<Int>? = nil) {
        (since, intervalStart) = (now, now)
        tracer = traced.map { StepTracer($0) }
    }

    // MARK: - Phases

    /// Ends the current phase and begins another.
    package mutating func enter(_ phase: Phase, at now: Duration) {
        let now = max(now, since)
        times[self.phase.rawValue] += now - since
        if isTracing { tracer?.note(phase: "\(self.phase)", since..<now) }
        (self.phase, since) = (phase, now)
    }

    /// Begins a step, counted from 1, by sending its weights.
    ///
    /// - Parameter isLogged: whether the log reports its timing.
    package mutating func begin(step: Int, isLogged: Bool = false, at now: Duration) {
        enter(.send, at: now)
        stepStart = since
        logged = isLogged ? LoggedStep() : nil
        tracer?.begin(step: step, at: since)
        isTimed = isLogged || isTracing || timedAt.map { since - $0 >= Self.timingInterval } ?? true
        if isTimed { timedAt = since }
        (isStepping, hasStepped, hasSum) = (true, true, false)
        round += 1
        (owing, sole) = (0, nil)
    }

    /// Begins to wait, because all possible work is done.
    package mutating func rest(at now: @autoclosure () -> Duration) {
        let waiting: Phase = !isStepping ? .other : hasSum ? .wait : .first
        guard phase != waiting else { return }
        enter(waiting, at: now())
        if !isStepping { tracer?.end(at: since) }
    }

    /// Begins the update, because all sums of the step have arrived.
    package mutating func beginUpdate(at now: Duration) {
        enter(.update, at: now)
        endLateness(at: now)
    }

    /// Ends a step after its update.
    package mutating func updated(_ tally: Tally, learningRate: Double, at now: Duration) {
        durations.add(seconds: (now - stepStart).inSeconds)
        if let logged {
            var phases = phases(since: timesBefore)
            phases.update += max(.zero, now - since).inSeconds
            stepTiming = logged.timing(phases) { workers.clock(of: $0)?.name }
            self.logged = nil
        }
        for phase in times.indices { timesBefore[phase] = times[phase] }
        // The part of the update counted above is not counted again.
        timesBefore[Phase.update.rawValue] += max(.zero, now - since)
        steps += 1
        self.tally += tally
        self.learningRate = learningRate
        isStepping = false
    }

    /// The timing of a logged step, once after its update.
    package mutating func takeStepTiming() -> StepTiming? { stepTiming.take() }

    /// Suspends the step, because the run goes back, waits for a disk, or ends.
    package mutating func suspend() { isStepping = false }

    // MARK: - Workers

    /// Adds a worker; of other peers only total bytes are counted.
    package mutating func join(_ peer: Peer, name: String) {
        joined += 1
        workers.add(peer, WorkerClock(name: name, number: joined))
    }

    /// Counts a message sent to a peer.
    package mutating func sent(_ bytes: Int, to peer: Peer) {
        traffic.bytesSent += bytes
        traffic.messagesSent += 1
        guard let place = workers.place(of: peer) else { return }
        workers.entries[place].clock.bytesSent += bytes
    }

    /// Counts a message received from a peer.
    package mutating func received(_ bytes: Int, from peer: Peer) {
        traffic.bytesReceived += bytes
        traffic.messagesReceived += 1
        guard let place = workers.place(of: peer) else { return }
        workers.entries[place].clock.bytesReceived += bytes
    }

    /// Records a request for the sums of `slots` slots.
    ///
    /// - Parameter bytes: the message's size if `sent(_:to:)` does not count it, else 0.
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

    /// Records a sum of the current step; the last one of a range carries its timing.
    ///
    /// - Parameter isLast: whether the worker owes no other sum.
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
            let late = workers.entries.indices.first(where: {
                workers.entries[$0].clock.owes(round: round)
            })
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

    /// Records how many of a worker's sums another worker confirmed with the same bits since it joined.
    package mutating func confirm(_ count: Int, of peer: Peer) {
        guard let place = workers.place(of: peer) else { return }
        workers.entries[place].clock.confirmed = count
    }

    /// Records a ping sent to a worker.
    package mutating func ping(_ peer: Peer, at now: Duration) {
        guard let place = workers.place(of: peer) else { return }
        workers.entries[place].clock.offset.ping(at: now)
    }

    /// Records a worker's answer to a ping, with the time on its clock.
    package mutating func answerPing(_ peer: Peer, clock: Duration, at now: Duration) {
        guard let place = workers.place(of: peer) else { return }
        workers.entries[place].clock.offset.answer(clock: clock, at: now)
    }

    // MARK: - Traces

    /// Whether the current step is traced.
    package var isTracing: Bool { tracer?.isTracing == true }

    /// Traces the timing that a worker sent with its last sum of a range.
    package mutating func trace(_ timing: WorkTiming, of peer: Peer, at now: Duration) {
        guard let worker = workers.clock(of: peer) else { return }
        tracer?.answer(peer, name: worker.name, timing, offset: worker.offset.best, at: now)
    }

    /// The traces of the steps that have ended since the last call.
    package mutating func takeTraces() -> [StepTrace] { tracer?.takeFinished() ?? [] }

    // MARK: - Reports

    /// The measurements since the last report; nil if no step ran.
    ///
    /// - Parameters:
    ///   - members: the current workers; a report also includes workers that left after they completed a step.
    ///   - seconds: the time of training so far.
    ///   - epoch: the epoch, counted from 1.
    ///   - step: the number of completed steps.
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

    /// The times of the interval, or those since an earlier reading of it.
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

    /// All workers; of too many, a rotating selection and the slowest.
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

    /// Begins a new interval, and forgets workers that have left.
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
