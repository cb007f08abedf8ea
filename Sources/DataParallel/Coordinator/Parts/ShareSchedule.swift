/// Decides when the slots are reassigned: after a member joins or leaves, or when measured speeds differ.
package struct ShareSchedule: Sendable {
    /// Whether a member joined or left since the last assignment.
    private var isStale = true
    /// Whether the log lacks the current shares.
    private var isUntold = false
    /// Fits shares to measured times; `isSpeedKnown` is whether it ever changed them.
    private var sizes = ShareSizes()
    private(set) var isSpeedKnown = false

    package init() {}

    /// Records that a member joined or left.
    package mutating func invalidate() { isStale = true }

    /// Begins a step; returns whether the slots must be reassigned for it.
    package mutating func takeStale() -> Bool {
        guard isStale else { return false }
        sizes.forget()
        return true
    }

    /// Whether to look at the measurements; called once a step.
    package mutating func isMeasurementDue() -> Bool { sizes.isDue() }

    /// Sizes with the same total that make the step shorter; nil if there is nothing to gain.
    package mutating func change(_ samples: [ShareSizes.Sample]) -> [Int]? {
        guard let change = sizes.change(samples) else { return nil }
        isSpeedKnown = true
        return change
    }

    /// Records that the slots are assigned.
    package mutating func assigned() { (isStale, isUntold) = (false, true) }

    /// Whether the log lacks the current shares; resets the flag.
    package mutating func takeUnreported() -> Bool {
        defer { isUntold = false }
        return isUntold
    }
}
