/// How long a member took for a slot of its last shares.
package struct Pace: Sendable {
    /// The answers that a pace is found from.
    package static let count = LastTimes.most
    /// Those of them, the longest, that are passed over: a hiccup is no pace.
    private static let passedOver = 2

    private var last = LastTimes()

    /// No answer so far.
    package init() {}

    /// Notes that a share of so many slots took `time`.
    package mutating func note(_ time: Duration, slots: Int) {
        last.note(time / slots)
    }

    /// The mean time of a slot; nil where too few have come.
    package var timePerSlot: Duration? {
        guard last.times.count == Self.count else { return nil }
        let counted = last.times.sorted().dropLast(Self.passedOver)
        return counted.reduce(.zero, +) / counted.count
    }
}
