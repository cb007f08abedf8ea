/// An event in the Trace Event Format, which Perfetto and Chromium's `about:tracing` read.
///
/// Times are in microseconds.
struct TraceEvent: Encodable {
    /// What is seen of it.
    var name: String
    /// Its kind, by which a viewer filters.
    var cat: String?
    /// `X`: something that lasts; `M`: the name of a track; `s`, `t` and `f`: an arrow's start, a place on its
    /// way, and its end.
    var ph: String
    /// When it begins.
    var ts: Double?
    /// How long it lasts.
    var dur: Double?
    /// The track's process and thread, as the viewer shows them.
    var pid: Int
    var tid: Int
    /// Which arrow it belongs to.
    var id: Int?
    /// `e`: an arrow ends at what encloses it in time.
    var bp: String?
    /// What else there is to say.
    var args: Arguments?

    struct Arguments: Encodable {
        var name: String?
        var step: Int?
    }

    /// Something on a track that lasts.
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

    /// The name of a track (`thread_name`) or of a process (`process_name`).
    static func title(_ kind: String, _ name: String, _ track: TraceTrack) -> TraceEvent {
        TraceEvent(
            name: kind, ph: "M", pid: track.pid, tid: track.tid, args: Arguments(name: name))
    }

    /// A point of the arrow from the weights to a worker and on to its sum.
    static func arrow(
        _ ph: String, _ id: Int, _ time: Duration, _ track: TraceTrack
    ) -> TraceEvent {
        TraceEvent(
            name: "weights to sum", cat: "flow", ph: ph, ts: microseconds(time), pid: track.pid,
            tid: track.tid, id: id, bp: ph == "s" ? nil : "e")
    }

    /// A time in microseconds, to the nanosecond.
    private static func microseconds(_ time: Duration) -> Double {
        (time / .nanoseconds(1)).rounded() / 1000
    }
}
