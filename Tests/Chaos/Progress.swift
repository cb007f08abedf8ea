import Monitoring
import Synchronization

/// What the coordinators of one run have said so far, and when.
///
/// The times are those at which this process read the lines, a fraction of a millisecond later.
final class Progress: Sendable {
    /// Of one coordinator after another, as its lines tell it.
    struct State {
        /// Where workers dial in.
        var endpoint: String?
        /// The steps of the run, known once one is made.
        var total: Int?
        /// The step that the present coordinator went on from.
        var resumedAt = 0
        /// The steps that the present coordinator has committed, in order, and when.
        var steps: [(number: Int, time: ContinuousClock.Instant)] = []
        /// The processes that hold shards.
        var holders: Set<Int32> = []
        /// Whether the present coordinator has ended.
        var hasEnded = false
    }
    private let state = Mutex(State())

    /// Takes in a line of the coordinator's.
    func note(_ line: String) {
        let now = ContinuousClock.now
        state.withLock { $0.note(line, at: now) }
    }

    /// Takes note that the coordinator has ended.
    func noteEnd() { state.withLock { $0.hasEnded = true } }

    /// Forgets what belongs to one coordinator, before the next is started.
    func beginAnew() {
        state.withLock { $0 = State(endpoint: $0.endpoint, total: $0.total) }
    }

    /// What is known at this moment.
    var now: State { state.withLock { $0 } }

    /// Waits until something can be said of the state, and gives it back.
    func wait<Value: Sendable>(
        for what: String, _ event: (State) -> Value?
    ) async throws -> Value {
        try await eventually(what) {
            let now = now
            if let value = event(now) { return value }
            if now.hasEnded { throw ChaosFailure("the coordinator ended before \(what)") }
            return nil
        }
    }
}

/// Waits until `event` gives a value; a minute is longer than anything takes that must happen.
func eventually<Value>(_ what: String, _ event: () throws -> Value?) async throws -> Value {
    let patience = Duration.seconds(60)
    let start = ContinuousClock.now
    while true {
        if let value = try event() { return value }
        if .now - start > patience { throw ChaosFailure("waited \(patience) in vain for \(what)") }
        try await Task.sleep(for: .milliseconds(2))
    }
}

extension Progress.State {
    mutating func note(_ printed: String, at time: ContinuousClock.Instant) {
        let event = EventLine(parsing: printed.utf8)?.text
        let line = event ?? LogLine(parsing: printed)?.message ?? printed
        let words = line.split(separator: " ")
        if line.hasPrefix("workers join with: ") {
            endpoint = words.last.map(String.init)
        } else if line.hasPrefix("resuming from "), let step = words.last {
            resumedAt = Int(step) ?? 0
        } else if line.hasPrefix("worker "), let pid = pid(words[1]) {
            if words[2] == "holds" { holders.insert(pid) }
            if words[2] == "left:" { holders.remove(pid) }
        } else if line.hasPrefix("Epoch ["), let (step, total) = step(line) {
            steps.append((step, time))
            self.total = total
        }
    }

    /// The process in a worker's name, HOST:PROCESS.
    private func pid(_ name: Substring) -> Int32? {
        name.split(separator: ":").last.flatMap { Int32($0) }
    }

    /// The step that a line tells of, counted over all epochs, and how many the run has.
    private func step(_ line: String) -> (Int, Int)? {
        let numbers = line.split { !$0.isNumber }.prefix(4).compactMap { Int($0) }
        guard line.contains(", Step ["), numbers.count == 4 else { return nil }
        let (epoch, epochs, step, steps) = (numbers[0], numbers[1], numbers[2], numbers[3])
        return ((epoch - 1) * steps + step, epochs * steps)
    }
}
