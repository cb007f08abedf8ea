/// An event in the Trace Event Format of Perfetto and Chromium's `about:tracing`.
///
/// Times are in microseconds.
struct TraceEvent: Encodable {
    /// The label in the viewer.
    var name: String
    /// The category, for filters.
    var cat: String?
    /// The phase: `X` a slice; `M` the name of a track; `s`, `t` and `f` an arrow's start, a point
    /// on its way, and its end.
    var ph: String
    /// The start.
    var ts: Double?
    /// The duration.
    var dur: Double?
    /// The track's process and thread, as the viewer shows them.
    var pid: Int
    var tid: Int
    /// The ID of the arrow.
    var id: Int?
    /// `e`: an arrow ends at the slice that encloses it in time.
    var bp: String?
    /// Further data.
    var args: Arguments?

    struct Arguments: Encodable {
        var name: String?
        var step: Int?
    }

    /// A slice on a track.
    static func slice(
        _ name: String, _ cat: String, _ span: Range<Duration>, _ track: TraceTrack,
        step: Int? = nil
    ) -> TraceEvent {
        let start = microseconds(span.lowerBound)
        return TraceEvent(
            name: name, cat: cat, ph: "X", ts: start,
            dur: microseconds(span.upperBound - span.lowerBound), pid: track.pid, tid: track.tid,
            args: step.map { Arguments(step: $0) })
    }

    /// The title of a track (`thread_name`) or of a process (`process_name`).
    static func title(_ kind: String, _ name: String, _ track: TraceTrack) -> TraceEvent {
        TraceEvent(
            name: kind, ph: "M", pid: track.pid, tid: track.tid, args: Arguments(name: name))
    }

    /// A point of the arrow from the weights through a worker to its sum.
    static func arrow(
        _ ph: String, _ id: Int, _ time: Duration, _ track: TraceTrack
    ) -> TraceEvent {
        TraceEvent(
            name: "weights to sum", cat: "flow", ph: ph, ts: microseconds(time), pid: track.pid,
            tid: track.tid, id: id, bp: ph == "s" ? nil : "e")
    }

    /// A time in microseconds, rounded to nanoseconds.
    private static func microseconds(_ time: Duration) -> Double {
        (time / .nanoseconds(1)).rounded() / 1000
    }
}
