import Monitoring
import Synchronization

/// The progress that the coordinators of one run have printed, with times.
///
/// The times are when this process read the lines, a fraction of a millisecond later.
final class Progress: Sendable {
    /// The state that the lines of one coordinator describe.
    struct State {
        /// The endpoint where workers connect.
        var endpoint: String?
        /// The steps of the run, known after the first step.
        var total: Int?
        /// The step from which the present coordinator resumed.
        var resumedAt = 0
        /// The steps that the present coordinator has committed, in order, with their times.
        var steps: [(number: Int, time: ContinuousClock.Instant)] = []
        /// The processes that hold shards.
        var holders: Set<Int32> = []
        /// Whether the present coordinator has ended.
        var hasEnded = false
    }
    private let state = Mutex(State())

    /// Reads a line that the coordinator printed.
    func note(_ line: String) {
        let now = ContinuousClock.now
        state.withLock { $0.note(line, at: now) }
    }

    /// Records that the coordinator has ended.
    func noteEnd() { state.withLock { $0.hasEnded = true } }

    /// Clears the state of one coordinator before the next one starts.
    func beginAnew() {
        state.withLock { $0 = State(endpoint: $0.endpoint, total: $0.total) }
    }

    /// The present state.
    var now: State { state.withLock { $0 } }

    /// Waits until `event` gives a value for the state, and returns that.
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

/// Waits up to a minute until `event` gives a value: nothing that must happen takes longer.
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

    /// The process id in a worker's name, HOST:PROCESS.
    private func pid(_ name: Substring) -> Int32? {
        name.split(separator: ":").last.flatMap { Int32($0) }
    }

    /// The step in a line, counted over all epochs, and the steps of the run.
    private func step(_ line: String) -> (Int, Int)? {
        let numbers = line.split { !$0.isNumber }.prefix(4).compactMap { Int($0) }
        guard line.contains(", Step ["), numbers.count == 4 else { return nil }
        let (epoch, epochs, step, steps) = (numbers[0], numbers[1], numbers[2], numbers[3])
        return ((epoch - 1) * steps + step, epochs * steps)
    }
}
