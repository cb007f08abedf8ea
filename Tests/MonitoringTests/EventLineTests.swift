import Files
import Foundation
import Logging
import Monitoring
import RunEvents
import TestSupport
import Testing

@Suite("An event of a run") struct EventLineTests {
    private func lines(saying text: String = "x") throws -> [EventLine] {
        try sampleEvents(saying: text).map { try #require($0.line(at: 1_800_000_000.25)) }
    }

    private func fields(of line: EventLine) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(line.json.utf8))
        return try #require(object as? [String: Any])
    }

    @Test("has a time, a unique name, a level and the text of the log")
    func common() throws {
        let lines = try lines()
        #expect(Set(lines.map(\.event)).count == lines.count)
        for (line, event) in zip(lines, sampleEvents()) {
            let fields = try fields(of: line)
            #expect(fields["time"] as? Double == 1_800_000_000.25)
            #expect(fields["event"] as? String == event.name)
            #expect(fields["level"] as? String == event.text?.level.rawValue)
            #expect(fields["text"] as? String == event.text?.message)
        }
    }

    @Test("reads back unchanged")
    func roundTrip() throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        for line in try lines() {
            #expect(try decoder.decode(EventLine.self, from: Data(line.json.utf8)) == line)
        }
    }

    @Test(
        "is one line of printable text without other fields, whatever a name or reason contains",
        arguments: [
            "a\nb", "\r\u{1B}[2J", #"","event":"run_ended"#, "<script>alert(1)</script>",
            "\u{202E}txt", "\u{2028}", "\0", "{}}\\",
        ])
    func hostile(text: String) throws {
        for (line, plain) in zip(try lines(saying: text), try lines()) {
            #expect(line.json.unicodeScalars.allSatisfy { (0x20..<0x7F).contains($0.value) })
            let (fields, expected) = (try fields(of: line), try fields(of: plain))
            #expect(Set(fields.keys) == Set(expected.keys))
            #expect(fields["event"] as? String == plain.event)
            #expect(fields["worker"] as? String == line.worker)
            #expect(fields["reason"] as? String == line.reason)
        }
    }

    @Test("is omitted in a flood, as in the log")
    func flood() {
        let told = (1...64).filter {
            RunEvent.dropped(peer: "x", reason: "y", total: $0).line(at: 0) != nil
        }
        #expect(told == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 32, 64])
    }

    @Test("is documented in docs/events.md with exactly its fields")
    func page() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/events.md"), encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { row in
            Set(row.matches(of: /`(\w+)`/).map { String($0.output.1) })
        }
        let common: Set = ["time", "event", "level", "text", "step"]
        for line in try lines() where line.event != "step" {
            let row = try #require(rows.first { $0.contains(line.event) }, "\(line.event)")
            // A row may describe two events, and an event may have the name of a field.
            let rest = common.union([line.event]).union(row.filter { $0.contains("_") })
            #expect(row.subtracting(rest) == Set(try fields(of: line).keys).subtracting(rest))
        }
    }
}

@Suite("events.jsonl") struct RecordedEventsTests {
    @Test("includes events below the log level, but no steps")
    func levels() async throws {
        let folder = try TemporaryFolder()
        let opened = try Folder(folder.path)
        let (sink, thread) = (LogSink(), RecordThread())
        let log = try opened.openForAppending("coordinator.log")
        let events = try EventsFile(in: opened)
        sink.add(log: log, path: "coordinator.log", events: events, on: thread)
        let recorder = RunRecorder(
            logger: Logger(label: "test") { _ in SinkLogHandler(sink, level: .critical) },
            sink: sink, thread: thread, metrics: try MetricsFile(in: opened, resumingAt: 0),
            steps: try StepsFile(in: opened, resumingAt: 0),
            timing: try TimingFile(in: opened), logEvery: 1, resumingAt: 0)
        for event in sampleEvents() {
            if case .rewound = event { continue }
            try recorder.record(event)
        }
        #expect(await thread.finish() == nil)
        let names = try Files.read("\(folder.path)/\(EventsFile.name)").split(separator: 10)
            .map { try #require(EventLine(parsing: $0)).event }
        let expected = sampleEvents().compactMap(\.name)
        #expect(names == expected.filter { !["step", "run_rewound"].contains($0) })
        #expect(try Files.read("\(folder.path)/coordinator.log").isEmpty)
    }
}
