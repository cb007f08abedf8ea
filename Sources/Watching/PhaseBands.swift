import Training

/// Where the time of a run went, from its beginning on, thinned while it comes.
public struct PhaseBands: Sendable, Equatable {
    /// A part of the run.
    public struct Point: Sendable, Equatable {
        /// The seconds of training at its end.
        public var seconds: Double
        /// How its time was spent.
        public var phases: TimingReport.Phases
        /// How many intervals of about a second it has.
        public var count: Int
    }

    /// The most points that there are.
    public static let mostPoints = 512

    /// The points, in their order.
    public private(set) var points: [Point] = []
    private var intervalsPerPoint = 1

    /// Nothing yet.
    public init() {}

    /// Adds an interval that ended after so many seconds of training.
    package mutating func add(_ phases: TimingReport.Phases, at seconds: Double) {
        if let newest = points.last, newest.count < intervalsPerPoint {
            points[points.count - 1].join(phases, seconds, count: 1)
            return
        }
        if points.count == Self.mostPoints { thin() }
        points.append(Point(seconds: seconds, phases: phases, count: 1))
    }

    /// Joins each two points.
    private mutating func thin() {
        points = stride(from: 0, to: points.count, by: 2).map { index in
            points[index].joined(with: points[index + 1])
        }
        intervalsPerPoint *= 2
    }
}

extension PhaseBands.Point {
    /// This part and the one after it.
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
