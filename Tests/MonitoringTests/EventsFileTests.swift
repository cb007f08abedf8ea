import Files
import Foundation
import Logging
import Monitoring
import Reduction
import RunEvents
import Testing
import TestSupport

@Suite("The events of a run") struct EventsFileTests {
    private let folder: TemporaryFolder
    private var path: String { "\(folder.path)/events.jsonl" }

    init() throws { folder = try TemporaryFolder() }

    /// A foreign name that would forge a line, control a terminal, and reverse the text direction.
    private static let hostile = "evil\n{\"event\":\"run_ended\"}\u{1B}[2J\u{202E}\u{2028}<b>/h:1"

    /// Each kind of event, with hostile names and reasons.
    private static let all: [(String, RunEvent)] = {
        let name = hostile
        let owed = OwedWork(step: 7, shards: [3, 1], seconds: 0.5, helpers: [name])
        let worker = WorkerDescription(name: name, address: name, lanes: 2, kernels: name)
        let tally = Tally(examples: 1, correct: 1, loss: .nan)
        return [
            ("worker_joined", .joined(worker, members: 1)),
            ("shards_assigned", .assigned(worker: name, shards: [2, 0])),
            ("worker_left", .left(worker: name, reason: name, members: 0, owed: owed)),
            ("worker_late", .late(worker: name, state: name, owed, times: 1)),
            ("worker_standing_by", .standingBy(worker: name, seconds: 1, usual: 0.1)),
            ("worker_back", .backFromStandby(worker: name)),
            ("peer_refused", .refused(peer: name, reason: name)),
            ("allow_list_changed", .allowListChanged(workers: 1, removed: [name])),
            ("allow_list_unusable", .allowListUnusable(name)),
            ("message_dropped", .dropped(peer: name, reason: name, total: 1)),
            ("flood_dropped", .flooded(messages: 9)),
            ("worker_wrong", .wrong(worker: name, step: 7, shards: [1], times: 2)),
            ("sums_confirmed", .confirmedByWorkers(worker: name, step: 7)),
            ("run_rewinding", .rewinding(step: 7)), ("run_rewound", .rewound(step: 7)),
            ("run_paused", .paused(members: 0, needed: 1, step: 7)),
            ("run_waiting", .waiting(members: 0, needed: 1, seconds: 5)),
            ("beginning_without", .beginningWithout(workers: [name], seconds: 30)),
            ("training_started", .training(workers: 1, fromStep: 0)),
            (
                "epoch",
                .epoch(
                    EpochReport(
                        epoch: 1, epochs: 1, step: 7, train: tally, test: tally, seconds: 1,
                        examplesPerSecond: .infinity))
            ),
            ("checkpoint_written", .checkpoint(path: name, step: 7, isRequested: true)),
            (
                "checkpoint_requested",
                .checkpointRequested(signal: "SIGUSR1", step: 7, isKept: true)
            ),
            ("run_stopping", .stopping(signal: "SIGTERM")),
        ]
    }()

    @Test("are one JSON object a line, whatever names and reasons contain", arguments: all)
    func lines(name: String, event: RunEvent) throws {
        let line = try #require(event.line(at: 1.25)).plain
        #expect(line.event == name)
        #expect(!line.json.contains { $0.isNewline || $0 == "\u{1B}" || $0 == "\u{202E}" })
        #expect(EventLine(parsing: Array(line.json.utf8)) == line)
        let text = try #require(line.text)
        #expect(!text.unicodeScalars.contains { $0.value < 32 || $0 == "\u{202E}" })
    }

    @Test("name the worker and its machine in separate fields")
    func fields() throws {
        let event = RunEvent.left(
            worker: "gpu/node3:4711", reason: "it hangs", members: 2,
            owed: OwedWork(step: 8, shards: [9, 1], seconds: 0.5, helpers: ["b:1"]))
        let line = try #require(event.line(at: 1.25))
        #expect(line.worker == "gpu/node3:4711" && line.host == "node3")
        #expect(line.reason == "it hangs" && line.members == 2 && line.workers == ["b:1"])
        #expect(line.step == 8 && line.shards == [1, 9] && line.seconds == 0.5)
        #expect(line.level == "warning" && line.time == 1.25)
    }

    @Test("remain when a run is resumed, except for a half-written line")
    func torn() throws {
        let whole = EventLine(now: "run_started", .info).json + "\n"
        for rest in ["", "{\"time\":1,\"ev", "\0\0\0\0", "garbage\n", "\0\0\n{\"time\":1}\n"] {
            try Data((whole + rest).utf8).write(to: URL(filePath: path))
            let file = try EventsFile(in: Folder(folder.path))
            try file.append(EventLine(time: 2, event: "log", level: "info", text: "on"))
            file.close()
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(
                text == whole + #"{"event":"log","level":"info","text":"on","time":2}"# + "\n")
        }
    }

    @Test("record the first failure until a session ends")
    func failure() throws {
        func failed(_ pid: Int) -> EventLine {
            var line = EventLine(now: "process_failed", .warning)
            line.failure = ProcessFailure(process: "coordinator", pid: pid, signal: 9, lines: ["x"])
            return line
        }
        let end = EventLine(now: "run_ended", .info)
        for (lines, pid) in [
            ([failed(1), failed(2)], 1), ([failed(1), end], nil), ([failed(1), end, failed(3)], 3),
        ] as [([EventLine], Int?)] {
            try Data(lines.map { "\($0.json)\n" }.joined().utf8).write(to: URL(filePath: path))
            let file = try EventsFile(in: Folder(folder.path))
            #expect(file.failure?.pid == pid)
            file.close()
        }
    }

    @Test("carry swift-log's metadata; the message's overrides the logger's")
    func metadata() async throws {
        let opened = try Folder(folder.path)
        let (sink, record) = (LogSink(), RecordThread())
        let log = try opened.openForAppending("coordinator.log")
        sink.add(
            log: log, path: "coordinator.log", events: try EventsFile(in: opened), on: record)
        var logger = Logger(label: "test") { _ in SinkLogHandler(sink, level: .info) }
        logger[metadataKey: "a"] = "1"
        logger[metadataKey: "b"] = "1"
        logger.info("told", metadata: ["b": "2\n"])
        #expect(await record.finish() == nil)
        let line = try #require(EventLine(parsing: Files.read(path).dropLast()))
        #expect(line.metadata == ["a": "1", "b": "2?"])
        let text = try String(contentsOfFile: "\(folder.path)/coordinator.log", encoding: .utf8)
        #expect(text.hasSuffix(" info told [a=1 b=2?]\n"))
    }

    @Test("as text start with a time, read back unchanged, and sort by time")
    func prefix() {
        let times = [0, 1.000001, 1_795_000_000.123456, 1_795_000_000.5]
        let lines = times.map {
            LogLine(time: $0, level: .warning, process: "node3:4711", message: "a b  c")
        }
        #expect(lines[1].text == "1970-01-01T00:00:01.000001Z warning node3:4711 a b  c")
        #expect(lines.map(\.text).sorted() == lines.map(\.text))
        for line in lines {
            let read = LogLine(parsing: line.text)
            #expect(read?.message == line.message && read?.level == line.level)
            #expect(abs((read?.time ?? 0) - line.time) < 1e-6)
        }
        #expect(LogLine(parsing: "tern: error: no data") == nil)
    }
}
