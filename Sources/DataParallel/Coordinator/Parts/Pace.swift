/// How long a member took for a slot of its last shares.
package struct Pace: Sendable {
    /// The answers that a pace is found from.
    package static let count = LastTimes.most
    /// Those of them, the longest, that are passed over: a hiccup is no pace.
    private static let passedOver = 2

    private var last = LastTimes()
    /// The slots of the last share, which the times are of.
    ///
    /// They are divided only when asked for, since answers are noted in every step.
    private var slots = 1

    /// No answer so far.
    package init() {}

    /// Notes that a share of so many slots took `time`.
    package mutating func note(_ time: Duration, slots: Int) {
        if slots != self.slots {
            last.scale(by: Double(slots) / Double(self.slots))
            self.slots = slots
        }
        last.note(time)
    }

    /// The mean time of a slot; nil where too few have come.
    package var timePerSlot: Duration? {
        guard last.times.count == Self.count else { return nil }
        let counted = last.times.sorted().dropLast(Self.passedOver)
        return counted.reduce(.zero, +) / (counted.count * slots)
    }
}
