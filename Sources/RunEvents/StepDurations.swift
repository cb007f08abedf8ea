/// A histogram of step durations.
public struct StepDurations: Sendable, Equatable {
    /// The upper limits of all bins but the last, in seconds: three per decade.
    public static let limits = [
        1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
        25, 50, 100,
    ]

    /// The number of steps in each bin, the shortest first.
    public private(set) var counts = [Int](repeating: 0, count: limits.count + 1)

    /// An empty histogram.
    public init() {}

    /// Counts a step.
    public mutating func add(seconds: Double) {
        var place = 0
        while place < Self.limits.count, seconds > Self.limits[place] { place += 1 }
        counts[place] += 1
    }

    /// Adds other counts; sums saturate, and counts beyond the last bin are ignored.
    public mutating func add(_ others: [Int]) {
        for (place, count) in others.prefix(counts.count).enumerated() {
            let (sum, hasOverflowed) = counts[place].addingReportingOverflow(max(0, count))
            counts[place] = hasOverflowed ? .max : sum
        }
    }

    /// Sets all counts to zero.
    package mutating func clear() {
        for place in counts.indices { counts[place] = 0 }
    }
}
