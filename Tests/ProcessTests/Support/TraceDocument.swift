import FoundationEssentials
import Testing

/// A trace in the JSON object form of the Trace Event Format, by its documentation.
struct TraceDocument: Decodable {
    struct Event: Decodable {
        struct Arguments: Decodable {
            let name: String?
            let step: Int?
        }
        let name: String
        let cat: String?
        let ph: String
        let ts: Double?
        let dur: Double?
        let pid: Int
        let tid: Int
        let id: Int?
        let bp: String?
        let args: Arguments?

        var track: [Int] { [pid, tid] }
        var start: Double { ts ?? .nan }
        var end: Double { start + (dur ?? .nan) }
    }

    let displayTimeUnit: String
    let traceEvents: [Event]

    /// Reads the trace of a run, if it is complete.
    init(_ run: RunFolder) throws {
        self = try JSONDecoder().decode(
            Self.self, from: Data(readFile(run.path("trace.json"))))
    }

    var slices: [Event] { traceEvents.filter { $0.ph == "X" } }

    /// The number of the process whose title ends with a suffix.
    func process(_ suffix: String) -> Int? {
        traceEvents.first { event in
            event.name == "process_name" && event.args?.name?.hasSuffix(suffix) == true
        }?.pid
    }

    /// Checks the events against the rules of the format.
    func check(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(["ms", "ns"].contains(displayTimeUnit), sourceLocation: sourceLocation)
        for event in traceEvents {
            #expect(isSound(event), "\(event)", sourceLocation: sourceLocation)
        }
        let tracks = Dictionary(grouping: slices, by: \.track)
        for (track, slices) in tracks {
            #expect(isNested(slices), "track \(track)", sourceLocation: sourceLocation)
        }
        let flows = Dictionary(grouping: traceEvents.filter { $0.id != nil }) { $0.id ?? 0 }
        for (id, events) in flows {
            let (kinds, names) = (events.map(\.ph), Set(events.map { [$0.name, $0.cat] }))
            #expect(kinds == ["s", "t", "f"], "flow \(id)", sourceLocation: sourceLocation)
            #expect(names.count == 1, "flow \(id)", sourceLocation: sourceLocation)
            for event in events {
                let isBound = tracks[event.track, default: []].contains {
                    $0.start <= event.start && event.start <= $0.end
                }
                #expect(isBound, "\(event) is in no slice", sourceLocation: sourceLocation)
            }
        }
    }

    /// Whether an event has the fields that its kind needs.
    private func isSound(_ event: Event) -> Bool {
        switch event.ph {
        case "X":
            guard let ts = event.ts, let dur = event.dur, event.cat != nil else { return false }
            return ts.isFinite && dur >= 0 && dur.isFinite
        case "M":
            return ["process_name", "thread_name"].contains(event.name)
                && event.args?.name?.isEmpty == false
        case "s", "t", "f":
            return event.ts?.isFinite == true && event.id != nil && event.cat != nil
                && (event.ph == "s" || event.bp == "e")
        default: return false
        }
    }

    /// Whether any two slices of a track are nested or disjoint, up to the rounding of
    /// microseconds.
    private func isNested(_ slices: [Event]) -> Bool {
        let tolerance = 0.002
        var open: [Double] = []
        for slice in slices.sorted(by: { ($0.start, $1.end) < ($1.start, $0.end) }) {
            while let end = open.last, end <= slice.start + tolerance { open.removeLast() }
            if let end = open.last, slice.end > end + tolerance { return false }
            open.append(slice.end)
        }
        return true
    }
}
