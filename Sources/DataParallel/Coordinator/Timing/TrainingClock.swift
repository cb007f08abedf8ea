/// Counts the time that steps take, and not what lies between epochs.
struct TrainingClock {
    private var seconds: Double
    private var since: Duration?
    private var epochStart: Double
    private var epochExamples = 0

    /// A clock that stands at `seconds`.
    init(seconds: Double) {
        self.seconds = seconds
        epochStart = seconds
    }

    /// Goes on, if it stands still.
    mutating func resume(at now: Duration) { since = since ?? now }

    /// Stands still.
    mutating func pause(at now: Duration) {
        seconds = seconds(at: now)
        since = nil
    }

    /// The seconds counted so far.
    func seconds(at now: Duration) -> Double {
        seconds + (since.map { (now - $0) / .seconds(1) } ?? 0)
    }

    /// Notes that examples have been used.
    mutating func count(_ examples: Int) { epochExamples += examples }

    /// The examples a second since the last call, or since the start; to be asked while it stands.
    mutating func takeEpochRate() -> Double {
        defer {
            epochStart = seconds
            epochExamples = 0
        }
        return seconds > epochStart ? Double(epochExamples) / (seconds - epochStart) : 0
    }
}
