import Protocol
import RunEvents

/// A coordinator's measurements of one worker in an interval.
struct WorkerClock: Sendable {
    /// Its name, and its position in the order of joining.
    let name: String
    let number: Int

    /// The round of its last request, when that began, and whether it still owes a sum.
    private var round = 0
    private var askedAt: Duration = .zero
    private var isOwing = false
    /// When its last answer in that round arrived; nil once that is counted.
    private var answeredAt: Duration?

    private var steps = 0
    /// The rounds of the interval that the worker timed, and the last one.
    private var timedRounds = 0
    private var timedRound = 0
    private var requests = 0
    private var slots = 0
    private var answer: Duration = .zero
    private var busy: Duration = .zero
    private var lanes: [Duration] = []
    var lateness: Duration = .zero
    var bytesSent = 0
    var bytesReceived = 0
    var offset = ClockOffset()
    /// The number of its sums that another worker confirmed with the same bits since it joined.
    var confirmed = 0

    init(name: String, number: Int) {
        self.name = name
        self.number = number
    }

    /// Records a request; returns whether it owed nothing in this round before.
    mutating func ask(slots: Int, bytes: Int, round: Int, at now: Duration) -> Bool {
        self.slots += slots
        bytesSent += bytes
        if self.round != round {
            countAnswer()
            (self.round, askedAt, isOwing) = (round, now, false)
            requests += 1
        }
        defer { isOwing = true }
        return !isOwing
    }

    /// Records a sum; returns whether it settles what the worker owed in this round.
    mutating func answer(
        _ timing: WorkTiming?, isLast: Bool, round: Int, at now: Duration
    ) -> Bool {
        guard self.round == round else { return false }
        answeredAt = now
        if let timing { note(timing, round: round) }
        guard isLast, isOwing else { return false }
        isOwing = false
        return true
    }

    private mutating func note(_ timing: WorkTiming, round: Int) {
        if timedRound != round { (timedRound, timedRounds) = (round, timedRounds + 1) }
        busy += timing.took
        while lanes.count < timing.laneCount { lanes.append(.zero) }
        for lane in 0..<timing.laneCount { lanes[lane] += timing.lane(lane).time }
    }

    /// Whether it owes a sum of a round.
    func owes(round: Int) -> Bool { isOwing && self.round == round }

    /// Counts its last answer to a request, once no other can arrive.
    private mutating func countAnswer() {
        guard let answeredAt else { return }
        steps += 1
        answer += answeredAt - askedAt
        self.answeredAt = nil
    }

    /// Counts its last answer, unless it owes more in the current round.
    mutating func countAnswer(round: Int) {
        if !owes(round: round) { countAnswer() }
    }

    /// Whether it has answered in this interval.
    var hasAnswered: Bool { steps > 0 }

    /// What was measured in this interval.
    var timing: TimingReport.WorkerTiming {
        var timing = TimingReport.WorkerTiming(worker: name)
        let count = Double(max(steps, 1))
        timing.steps = steps
        timing.shards = Double(slots) / Double(max(requests, 1))
        timing.answer = answer.inSeconds / count
        let timed = Double(max(timedRounds, 1))
        timing.busy = busy.inSeconds / timed
        timing.lanes = lanes.map { $0.inSeconds / timed }.sorted(by: >)
        timing.lateness = lateness.inSeconds / count
        timing.audits = confirmed > 0 ? confirmed : nil
        (timing.bytesSent, timing.bytesReceived) = (bytesSent, bytesReceived)
        timing.clockOffset = offset.best?.inSeconds
        return timing
    }

    /// Resets the measurements for a new interval.
    mutating func beginInterval() {
        (steps, timedRounds, requests, slots, bytesSent, bytesReceived) = (0, 0, 0, 0, 0, 0)
        (answer, busy, lateness) = (.zero, .zero, .zero)
        for lane in lanes.indices { lanes[lane] = .zero }
    }
}
