/// Measures how long a run waits for workers, and notices when the coordinator itself was paused.
package struct WaitClock: Sendable {
    /// The state of a wait.
    package enum Result: Equatable, Sendable {
        /// Nothing to do.
        case none
        /// The log reports the wait again.
        case remind(waited: Duration)
        /// The wait timed out.
        case timedOut
    }

    private enum Wait: Sendable {
        case idle
        case waiting(since: Duration, noticed: Duration)
    }

    private static let interval = Duration.seconds(5)
    private static let longestTick = Duration.seconds(1)

    private var wait = Wait.idle
    /// The time of the last tick.
    package private(set) var lastTick: Duration = .zero

    package init() {}

    /// Whether the run waits for workers.
    package var isWaiting: Bool { if case .waiting = wait { true } else { false } }

    /// Starts the clock and the first wait.
    package mutating func start(_ now: Duration) {
        begin(now)
        lastTick = now
    }

    /// Begins a wait.
    package mutating func begin(_ now: Duration) { wait = .waiting(since: now, noticed: now) }

    /// Ends the wait, because enough workers have joined.
    package mutating func end() { wait = .idle }

    /// Advances the time.
    ///
    /// - Returns: how long the coordinator was paused, as a stopped process is; nil if it was not.
    package mutating func tick(_ now: Duration) -> Duration? {
        defer { lastTick = now }
        return now - lastTick > Self.longestTick ? now - lastTick : nil
    }

    /// Checks the wait.
    ///
    /// - Parameter timeout: how long it may last; nil for no limit.
    package mutating func check(_ now: Duration, timeout: Duration?) -> Result {
        guard case .waiting(let since, let noticed) = wait else { return .none }
        if let timeout, now - since >= timeout { return .timedOut }
        guard now - noticed >= Self.interval else { return .none }
        wait = .waiting(since: since, noticed: now)
        return .remind(waited: now - since)
    }
}
