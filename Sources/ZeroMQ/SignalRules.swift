import Glibc

/// What a signal asks of a process.
public enum SignalRequest: Hashable, Sendable {
    /// To finish what is under way, and end.
    case stop(Int32)
    /// To end without waiting: the same signal has come again, a second or more after the first.
    case stopAtOnce(Int32)
    /// To write a checkpoint and go on.
    case checkpoint(Int32)
}

/// Decides what each signal asks for.
///
/// Wrappers such as `timeout` signal a process and then its whole group, and a supervisor passes on what
/// its group has received already: one request arrives twice. So a repetition within a second is no
/// request, and only the same signal counts as a second one.
package struct SignalRules {
    /// The time between a signal and its repetition from which on the repetition is meant.
    static let repetition = Duration.seconds(1)

    /// When each signal that asks to stop came first.
    private var stops: [Int32: Duration] = [:]
    /// When each signal that asks for a checkpoint was last heeded.
    private var checkpoints: [Int32: Duration] = [:]

    package init() {}

    /// What a signal that came at `time` asks for; nil for nothing new.
    package mutating func request(of signal: Int32, at time: Duration) -> SignalRequest? {
        guard signal != SIGUSR1, signal != SIGUSR2 else {
            if let last = checkpoints[signal], time - last < Self.repetition { return nil }
            checkpoints[signal] = time
            return .checkpoint(signal)
        }
        if let first = stops[signal] {
            return time - first < Self.repetition ? nil : .stopAtOnce(signal)
        }
        stops[signal] = time
        return stops.count == 1 ? .stop(signal) : nil
    }
}
