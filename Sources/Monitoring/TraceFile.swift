import Files
import Glibc
import RunEvents

/// `trace.json`: a few steps in the Trace Event Format, as one JSON object.
///
/// The file is valid JSON after each step: the closing brackets are removed and written again.
public struct TraceFile: Sendable {
    /// The file's name in a run's folder.
    public static let name = "trace.json"

    private let file: Int32
    private let path: String
    private var size: off_t = 0
    /// The workers seen so far: their process number and the count of lanes with a title.
    private var workers: [String: (pid: Int, lanes: Int)] = [:]
    private var arrows = 0

    private static let heading = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n"
    private static let ending = "\n]}\n"

    /// Opens the file of a run, and empties it.
    ///
    /// - Throws: ``FileError`` if the file cannot be written.
    public init(in folder: Folder) throws(FileError) {
        path = folder.path(of: Self.name)
        file = try folder.openForAppending(Self.name, keeping: 0)
    }

    /// Adds a step.
    mutating func append(_ trace: StepTrace) throws(FileError) {
        let isFirst = size == 0
        let titles =
            isFirst ? [TraceEvent.title("process_name", "coordinator", .coordinator)] : []
        // Drops the brackets of the list.
        let events = jsonText(titles + events(of: trace)).dropFirst().dropLast()
        let text = (isFirst ? Self.heading : ",\n") + events
        guard ftruncate(file, size) == 0 else {
            throw FileError(operation: "write", path: path, code: errno)
        }
        size += off_t(text.utf8.count)
        try Files.writeAll(Array((text + Self.ending).utf8), to: file, path: path)
    }

    private mutating func events(of trace: StepTrace) -> [TraceEvent] {
        let whole = TraceEvent.slice(
            "step \(trace.step)", "step", trace.span, .coordinator, step: trace.step)
        let phases = trace.phases.map {
            TraceEvent.slice($0.name, "phase", $0.span, .coordinator)
        }
        return [whole] + phases + trace.works.flatMap { events(of: $0, step: trace.step) }
    }

    private mutating func events(of work: StepTrace.Work, step: Int) -> [TraceEvent] {
        var events = titles(of: work)
        let pid = workers[work.worker]?.pid ?? 0
        let own = TraceTrack(pid: pid, tid: 0)
        events.append(.slice("step \(step)", "work", work.span, own, step: step))
        for (lane, span) in work.lanes.enumerated() {
            events.append(.slice("compute", "lane", span, TraceTrack(pid: pid, tid: 1 + lane)))
        }
        arrows += 1
        return events + [
            .arrow("s", arrows, work.request.lowerBound, .coordinator),
            .arrow("t", arrows, work.span.lowerBound, own),
            .arrow("f", arrows, work.request.upperBound, .coordinator),
        ]
    }

    /// The titles of new tracks.
    private mutating func titles(of work: StepTrace.Work) -> [TraceEvent] {
        var events: [TraceEvent] = []
        var (pid, lanes) = workers[work.worker] ?? (workers.count + 2, 0)
        let own = TraceTrack(pid: pid, tid: 0)
        if workers[work.worker] == nil {
            events.append(.title("process_name", "worker \(work.worker)", own))
            events.append(.title("thread_name", "worker", own))
        }
        while lanes < work.lanes.count {
            lanes += 1
            let track = TraceTrack(pid: pid, tid: lanes)
            events.append(.title("thread_name", "lane \(lanes)", track))
        }
        workers[work.worker] = (pid, lanes)
        return events
    }
}
