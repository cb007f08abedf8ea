/// Decides when a thread that expects work spins for it instead of going to sleep.
///
/// Waking a thread takes tens of microseconds, most of them to wake an idle processor of a virtual
/// machine; in a round of small messages that is most of the time. If the work keeps coming later than
/// a thread can spin, spinning only takes time from others, so it is tried ever more rarely.
package struct SpinPolicy {
    /// How long a thread spins.
    package static let limit: Duration = .microseconds(1000)

    private var isExpecting = false
    /// The number of vain waits in a row.
    private var failures = 0
    /// The number of occasions to skip before the next try.
    private var skips = 0

    package init() {}

    /// Announces that work is expected soon.
    package mutating func expect() { isExpecting = true }

    /// Whether to spin now.
    package mutating func begins() -> Bool {
        guard isExpecting else { return false }
        isExpecting = false
        guard skips > 0 else { return true }
        skips -= 1
        return false
    }

    /// Records whether the work came in time.
    package mutating func ended(inTime: Bool) {
        failures = inTime ? 0 : min(failures + 1, 6)
        // A failure now and then means nothing: another thread had the processor.
        skips = failures > 2 ? 1 << failures : 0
    }
}
