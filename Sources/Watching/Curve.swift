/// A number over the steps of a run, thinned while it comes, so that it stays small however long the run is.
///
/// Where points are joined, their least and greatest values are kept: no peak is lost.
public struct Curve: Sendable, Equatable {
    /// Values of steps that follow one another.
    public struct Point: Sendable, Equatable {
        /// The last of the steps.
        public var step: Int
        /// The least value.
        public var low: Double
        /// The greatest value.
        public var high: Double
        /// The mean of all values.
        public var mean: Double
        /// How many values there are.
        public var count: Int

        /// This point's values and those of the one after it.
        package func joined(with next: Point) -> Point {
            let (own, others) = (Double(count), Double(next.count))
            return Point(
                step: next.step, low: min(low, next.low), high: max(high, next.high),
                // Each is divided first: the sum of two large values may not be finite.
                mean: mean * (own / (own + others)) + next.mean * (others / (own + others)),
                count: count + next.count)
        }
    }

    /// The most points that there are.
    public static let mostPoints = 1024

    /// The points, in the order of their steps.
    public private(set) var points: [Point] = []
    /// The newest value; nil where there is none.
    public private(set) var last: Double?
    /// The values that a full point has.
    private var valuesPerPoint = 1

    /// A curve without a value.
    public init() {}

    /// Adds the value of a step; one that is not finite is left out.
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

    /// Joins each two points.
    private mutating func thin() {
        points = stride(from: 0, to: points.count, by: 2).map { index in
            points[index].joined(with: points[index + 1])
        }
        valuesPerPoint *= 2
    }
}
