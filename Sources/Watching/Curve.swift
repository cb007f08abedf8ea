/// A value over the steps of a run, thinned as it grows, so that its size is bounded.
///
/// A joined point keeps the minimum and maximum, so that no peak is lost.
public struct Curve: Sendable, Equatable {
    /// The values of consecutive steps.
    public struct Point: Sendable, Equatable {
        /// The last step.
        public var step: Int
        /// The minimum.
        public var low: Double
        /// The maximum.
        public var high: Double
        /// The mean of all values.
        public var mean: Double
        /// The number of values.
        public var count: Int

        /// Joins this point with the next.
        package func joined(with next: Point) -> Point {
            let (own, others) = (Double(count), Double(next.count))
            return Point(
                step: next.step, low: min(low, next.low), high: max(high, next.high),
                // Divides first, because the sum of two large values may overflow.
                mean: mean * (own / (own + others)) + next.mean * (others / (own + others)),
                count: count + next.count)
        }
    }

    /// The maximum number of points.
    public static let mostPoints = 1024

    /// The points, in the order of their steps.
    public private(set) var points: [Point] = []
    /// The newest value; nil if there is none.
    public private(set) var last: Double?
    /// The number of values in a full point.
    private var valuesPerPoint = 1

    /// An empty curve.
    public init() {}

    /// Adds the value of a step, unless it is not finite.
    public mutating func add(_ value: Double, at step: Int) {
        guard value.isFinite else { return }
        last = value
        let point = Point(step: step, low: value, high: value, mean: value, count: 1)
        if let newest = points.last, newest.count < valuesPerPoint {
            points[points.count - 1] = newest.joined(with: point)
            return
        }
        if points.count == Self.mostPoints { thin() }
        points.append(point)
    }

    /// Joins pairs of points.
    private mutating func thin() {
        points = stride(from: 0, to: points.count, by: 2).map { index in
            points[index].joined(with: points[index + 1])
        }
        valuesPerPoint *= 2
    }
}
