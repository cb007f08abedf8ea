/// A member's time per slot over its last shares.
package struct Pace: Sendable {
    /// The number of answers that a pace needs.
    package static let count = LastTimes.most
    /// The longest answers that are ignored, because a hiccup is no pace.
    private static let passedOver = 2

    private var last = LastTimes()
    /// The slots of the last share; all times are scaled to it.
    ///
    /// Times are divided only when read, because answers are recorded in every step.
    private var slots = 1

    /// Starts without answers.
    package init() {}

    /// Records that a share of `slots` slots took `time`.
    package mutating func note(_ time: Duration, slots: Int) {
        if slots != self.slots {
            last.scale(by: Double(slots) / Double(self.slots))
            self.slots = slots
        }
        last.note(time)
    }

    /// The mean time per slot; nil with too few answers.
    package var timePerSlot: Duration? {
        guard last.times.count == Self.count else { return nil }
        let counted = last.times.sorted().dropLast(Self.passedOver)
        return counted.reduce(.zero, +) / (counted.count * slots)
    }
}
