/// The rate at which bytes arrive in the second half of an interval, after TCP has adapted to the
/// route.
package struct RateMeter {
    private typealias Count = (bytes: Int, time: ContinuousClock.Instant)

    private let middle: ContinuousClock.Instant
    private let start: Count
    private var half: Count?
    private var last: Count

    /// A measurement that begins at `start` and at a byte count, and lasts for `length`.
    package init(from start: ContinuousClock.Instant, for length: Duration, bytes: Int = 0) {
        self.start = (bytes, start)
        last = self.start
        middle = start + length / 2
    }

    /// Records how many bytes have arrived by now.
    package mutating func note(_ bytes: Int, at now: ContinuousClock.Instant) {
        last = (bytes, now)
        if half == nil, now >= middle { half = last }
    }

    /// The bytes a second; nil if none arrived.
    package var bytesPerSecond: Double? {
        // On a slow route, a single piece may arrive in the second half.
        let counts = [half, start].compactMap(\.self)
        guard let first = counts.first(where: { $0.bytes < last.bytes && $0.time < last.time })
        else { return nil }
        return Double(last.bytes - first.bytes) / ((last.time - first.time) / .seconds(1))
    }
}
