/// Counts the time of steps, without the time between epochs.
struct TrainingClock {
    private var seconds: Double
    private var since: Duration?
    private var epochStart: Double
    private var epochExamples = 0

    /// A paused clock at `seconds`.
    init(seconds: Double) {
        self.seconds = seconds
        epochStart = seconds
    }

    /// Resumes, if paused.
    mutating func resume(at now: Duration) { since = since ?? now }

    /// Pauses.
    mutating func pause(at now: Duration) {
        seconds = seconds(at: now)
        since = nil
    }

    /// The seconds counted so far.
    func seconds(at now: Duration) -> Double {
        seconds + (since.map { (now - $0) / .seconds(1) } ?? 0)
    }

    /// Counts examples of the epoch.
    mutating func count(_ examples: Int) { epochExamples += examples }

    /// The examples a second since the last call, or since the start; called while the clock is paused.
    mutating func takeEpochRate() -> Double {
        defer {
            epochStart = seconds
            epochExamples = 0
        }
        return seconds > epochStart ? Double(epochExamples) / (seconds - epochStart) : 0
    }
}
