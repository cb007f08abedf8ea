import Bounds

/// Where a worker's time went while it computed a range of slots, sent with the last sum of the range.
///
/// All times are on the worker's clock, in microseconds. They are only shown to people.
public struct WorkTiming: Sendable, Equatable {
    /// The part of one lane.
    public struct Lane: Sendable, Equatable {
        /// When it began, relative to the worker's beginning.
        public var start: Duration
        /// How long it computed.
        public var time: Duration

        /// A lane that began `start` after the worker did, and computed for `time`.
        public init(start: Duration, time: Duration) {
            self.start = start
            self.time = time
        }
    }

    /// The most lanes that are reported.
    public static let mostLanes = TimedLaneCount.limits.range.upperBound

    /// The numbers on the wire: the total time, the beginning in two parts, and a pair for each lane.
    ///
    /// One array, because headers are moved in and out of lists several times per step.
    let numbers: [UInt32]
    private static let fixedCount = 3

    /// The work on a range that began at `began`, and whose sums were handed over `took` later.
    ///
    /// Times that exceed 32 bits, over an hour, are clamped.
    public init(began: Duration, took: Duration, lanes: [Lane]) {
        let start = UInt64(clamping: Self.microseconds(began))
        var numbers: [UInt32] = []
        numbers.reserveCapacity(Self.fixedCount + 2 * lanes.count)
        numbers.append(UInt32(clamping: Self.microseconds(took)))
        numbers.append(UInt32(truncatingIfNeeded: start))
        numbers.append(UInt32(truncatingIfNeeded: start >> 32))
        for lane in lanes.prefix(Self.mostLanes) {
            numbers.append(UInt32(clamping: Self.microseconds(lane.start)))
            numbers.append(UInt32(clamping: Self.microseconds(lane.time)))
        }
        self.numbers = numbers
    }

    /// The timing of numbers that were checked.
    init(numbers: [UInt32]) { self.numbers = numbers }

    private static func microseconds(_ time: Duration) -> Int64 {
        let (seconds, attoseconds) = time.components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }

    /// When the worker began.
    public var began: Duration { .microseconds(Int64(numbers[1]) | Int64(numbers[2]) << 32) }

    /// The time until the sums were handed over.
    public var took: Duration { .microseconds(numbers[0]) }

    /// The number of lanes that are reported.
    public var laneCount: Int { (numbers.count - Self.fixedCount) / 2 }

    /// The times of a lane.
    public func lane(_ index: Int) -> Lane {
        let first = Self.fixedCount + 2 * index
        return Lane(
            start: .microseconds(numbers[first]), time: .microseconds(numbers[first + 1]))
    }
}
