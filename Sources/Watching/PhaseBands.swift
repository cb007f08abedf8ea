import RunEvents

/// How a run's time was spent, from its beginning, thinned as it grows.
public struct PhaseBands: Sendable, Equatable {
    /// A part of the run.
    public struct Point: Sendable, Equatable {
        /// The seconds of training at its end.
        public var seconds: Double
        /// The time per phase.
        public var phases: TimingReport.Phases
        /// The number of intervals, each of about a second.
        public var count: Int
    }

    /// The maximum number of points.
    public static let mostPoints = 512

    /// The points in order.
    public private(set) var points: [Point] = []
    private var intervalsPerPoint = 1

    /// Empty bands.
    public init() {}

    /// Adds an interval that ends at `seconds` of training.
    package mutating func add(_ phases: TimingReport.Phases, at seconds: Double) {
        if let newest = points.last, newest.count < intervalsPerPoint {
            points[points.count - 1].join(phases, seconds, count: 1)
            return
        }
        if points.count == Self.mostPoints { thin() }
        points.append(Point(seconds: seconds, phases: phases, count: 1))
    }

    /// Joins pairs of points.
    private mutating func thin() {
        points = stride(from: 0, to: points.count, by: 2).map { index in
            points[index].joined(with: points[index + 1])
        }
        intervalsPerPoint *= 2
    }
}

extension PhaseBands.Point {
    /// Joins this part with the next.
    package func joined(with next: Self) -> Self {
        var point = self
        point.join(next.phases, next.seconds, count: next.count)
        return point
    }

    fileprivate mutating func join(
        _ other: TimingReport.Phases, _ end: Double, count intervals: Int
    ) {
        phases += other
        seconds = end
        count += intervals
    }
}
