import Protocol

/// The range that the lanes compute now, and each lane's time for its part.
struct RangeUnderWay {
    /// When the lanes got it.
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

    /// Records that a lane computed its part, with its time if the world measures it.
    mutating func computed(by lane: Int, in time: Range<Duration>?) {
        times[lane] = time.map {
            WorkTiming.Lane(start: $0.lowerBound - began, time: $0.upperBound - $0.lowerBound)
        }
        open -= 1
    }

    /// The timing so far; nil if the world does not measure it.
    func timing(now: Duration) -> WorkTiming? {
        let lanes = times.compactMap(\.self)
        guard lanes.count == times.count else { return nil }
        return WorkTiming(began: began, took: now - began, lanes: lanes)
    }
}
