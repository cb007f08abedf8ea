/// Decides when a thread that expects work stays awake for it instead of going to sleep.
///
/// To wake a thread takes tens of microseconds, most of them to wake an idle processor of a virtual
/// machine; in a round of small messages that is most of the time. Where the work keeps coming later
/// than a thread can wait for it, waiting would only take time from others, so it is tried ever less.
package struct SpinPolicy {
    /// How long a thread stays awake.
    package static let limit: Duration = .microseconds(1000)

    private var isExpecting = false
    /// The vain waits in a row.
    private var failures = 0
    /// The occasions that are let pass before the next try.
    private var skips = 0

    package init() {}

    /// Work is expected soon.
    package mutating func expect() { isExpecting = true }

    /// Whether to stay awake now.
    package mutating func begins() -> Bool {
        guard isExpecting else { return false }
        isExpecting = false
        guard skips > 0 else { return true }
        skips -= 1
        return false
    }

    /// Takes note of whether the work came in time.
    package mutating func ended(inTime: Bool) {
        failures = inTime ? 0 : min(failures + 1, 6)
        // Once in a while some other thread had the processor; that says nothing.
        skips = failures > 2 ? 1 << failures : 0
    }
}
