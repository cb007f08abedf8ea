/// The median and the extremes of repeated measurements.
public struct Spread: Codable, Sendable, Equatable {
    /// The median; for an even number of values, the mean of the middle two.
    public let median: Double
    /// The minimum.
    public let least: Double
    /// The maximum.
    public let greatest: Double

    /// The spread of at least one measurement.
    public init(_ values: [Double]) {
        precondition(!values.isEmpty, "nothing was measured")
        let sorted = values.sorted()
        let middle = sorted.count / 2
        median =
            sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        least = sorted[0]
        greatest = sorted[sorted.count - 1]
    }
}

extension Duration {
    /// The length in seconds.
    var seconds: Double { self / .seconds(1) }

    /// The length in microseconds.
    var microseconds: Double { self / .microseconds(1) }
}
