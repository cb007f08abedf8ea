/// Measures how long a run waits for workers, and notices when the coordinator itself stood still.
package struct WaitClock: Sendable {
    /// What a wait has come to.
    package enum Result: Equatable, Sendable {
        /// Nothing to say.
        case none
        /// The wait is worth another line in the log.
        case remind(waited: Duration)
        /// It has lasted too long.
        case timedOut
    }

    private enum Wait: Sendable {
        case idle
        case waiting(since: Duration, noticed: Duration)
    }

    private static let interval = Duration.seconds(5)
    private static let longestTick = Duration.seconds(1)

    private var wait = Wait.idle
    /// The last time that the clock was told.
    package private(set) var lastTick: Duration = .zero

    package init() {}

    /// Whether the run waits for workers.
    package var isWaiting: Bool { if case .waiting = wait { true } else { false } }

    /// The run begins, at this time.
    package mutating func start(_ now: Duration) {
        begin(now)
        lastTick = now
    }

    /// A wait begins.
    package mutating func begin(_ now: Duration) { wait = .waiting(since: now, noticed: now) }

    /// Enough workers are here.
    package mutating func end() { wait = .idle }

    /// Time has passed.
    ///
    /// - Returns: how long the coordinator stood still, as a stopped process does; nil if it did not.
    package mutating func tick(_ now: Duration) -> Duration? {
        defer { lastTick = now }
        return now - lastTick > Self.longestTick ? now - lastTick : nil
    }

    /// What the wait has come to.
    ///
    /// - Parameter timeout: how long it may last; nil for ever.
    package mutating func check(_ now: Duration, timeout: Duration?) -> Result {
        guard case .waiting(let since, let noticed) = wait else { return .none }
        if let timeout, now - since >= timeout { return .timedOut }
        guard now - noticed >= Self.interval else { return .none }
        wait = .waiting(since: since, noticed: now)
        return .remind(waited: now - since)
    }
}
