/// When the slots are assigned anew: after somebody has come or gone, or where measured speeds differ.
package struct ShareSchedule: Sendable {
    /// Whether somebody has come or gone since the slots were assigned.
    private var isStale = true
    /// Whether the log has not been told of the shares.
    private var isUntold = false
    /// How the shares were fitted to what members take for them, and whether any were.
    private var sizes = ShareSizes()
    private(set) var isSpeedKnown = false

    package init() {}

    /// Somebody has come or gone.
    package mutating func invalidate() { isStale = true }

    /// A step begins; whether the slots are to be assigned anew for it.
    package mutating func takeStale() -> Bool {
        guard isStale else { return false }
        sizes.forget()
        return true
    }

    /// Whether it is time to look at what was measured; to be asked once a step.
    package mutating func isMeasurementDue() -> Bool { sizes.isDue() }

    /// Sizes that sum up to as much as now and make the step shorter; nil where there is nothing to gain.
    package mutating func change(_ samples: [ShareSizes.Sample]) -> [Int]? {
        guard let change = sizes.change(samples) else { return nil }
        isSpeedKnown = true
        return change
    }

    /// The slots are assigned.
    package mutating func assigned() { (isStale, isUntold) = (false, true) }

    /// Whether the log is to be told of the shares; once.
    package mutating func takeUntold() -> Bool {
        defer { isUntold = false }
        return isUntold
    }
}
