import Glibc

/// What a signal requests from a process.
public enum SignalRequest: Hashable, Sendable {
    /// Finish the current work, and end.
    case stop(Int32)
    /// End without waiting: the same signal has come again, a second or more after the first.
    case stopAtOnce(Int32)
    /// Write a checkpoint and continue.
    case checkpoint(Int32)
}

/// Decides what each signal requests.
///
/// Wrappers such as `timeout` signal a process and then its whole group, and a supervisor forwards what
/// its group has received already: one request arrives twice. So a repetition within a second is
/// ignored, and only the same signal counts as a second request.
package struct SignalRules {
    /// The time after which the repetition of a signal counts.
    static let repetition = Duration.seconds(1)

    /// When each signal that requests a stop came first.
    private var stops: [Int32: Duration] = [:]
    /// When each signal that requests a checkpoint was last obeyed.
    private var checkpoints: [Int32: Duration] = [:]

    package init() {}

    /// The request of a signal that came at `time`; nil if it is nothing new.
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
