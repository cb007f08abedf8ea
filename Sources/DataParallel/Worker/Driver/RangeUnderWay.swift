import Protocol

/// The range that the lanes compute, and what each of them takes for its part.
struct RangeUnderWay {
    /// When the lanes were handed it.
    let began: Duration
    private var times: [WorkTiming.Lane?]
    private var open: Int

    init(lanes: Int, now: Duration) {
        began = now
        times = Array(repeating: nil, count: lanes)
        open = lanes
    }

    /// Whether all parts are computed.
    var isComputed: Bool { open == 0 }

    /// A lane has computed its part, in a time if the world measures that.
    mutating func computed(by lane: Int, in time: Range<Duration>?) {
        times[lane] = time.map {
            WorkTiming.Lane(start: $0.lowerBound - began, time: $0.upperBound - $0.lowerBound)
        }
        open -= 1
    }

    /// Where the time went so far; nil if the world does not measure that.
    func timing(now: Duration) -> WorkTiming? {
        let lanes = times.compactMap(\.self)
        guard lanes.count == times.count else { return nil }
        return WorkTiming(began: began, took: now - began, lanes: lanes)
    }
}
