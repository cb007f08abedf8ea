import Files
import Foundation
import Glibc
import Monitoring
import Settings
import TestSupport
import Testing
import Watching

@Suite("A watched run", .timeLimit(.minutes(5)))
struct RunWatchTests {
    private let folder: TemporaryFolder
    private let watch: RunWatch

    init() throws {
        folder = try TemporaryFolder()
        watch = try RunWatch(folder.path)
    }

    private func event(_ name: String, _ fields: String = "", time: Double = 100) -> String {
        #"{"event":"\#(name)","level":"info","time":\#(time)\#(fields.isEmpty ? "" : ",")\#(fields)}"#
            + "\n"
    }

    /// The first event of a session on this machine.
    private var start: String {
        let namespace = EventLine.ownNamespace.map { #","namespace":"\#($0)""# } ?? ""
        return event(
            "run_started", #""host":"\#(EventLine.ownHost)","total_steps":100\#(namespace)"#)
    }

    // MARK: - States

    @Test("is unknown without files, waits while its log is locked, and dies when it is unlocked")
    func locks() throws {
        #expect(watch.poll().state == .unknown)
        let opened = try Folder(folder.path)
        let log = try opened.openForAppending("coordinator.log")
        #expect(watch.poll().state == .unknown)
        try #require(Files.lock(log) == .locked)
        #expect(watch.poll().state == .waiting)
        try folder.append(start + event("training_started"), to: "events.jsonl")
        #expect(watch.poll().state == .training)
        close(log)
        #expect(watch.poll().state == .dead)
        #expect(watch.poll().state.isOver)
        // The run is resumed.
        let next = try opened.openForAppending("coordinator.log")
        defer { close(next) }
        try #require(Files.lock(next) == .locked)
        try folder.append(start, to: "events.jsonl")
        #expect(watch.poll().state == .waiting)
    }

    @Test(
        "of another machine or container is not dead if its log is unlocked here",
        arguments: [
            #""host":"\#(EventLine.ownHost)x""#,
            #""host":"\#(EventLine.ownHost)","namespace":"pid:[1]""#,
        ])
    func elsewhere(place: String) throws {
        try folder.append("", to: "coordinator.log")
        try folder.append(
            event("run_started", place) + event("training_started"), to: "events.jsonl")
        #expect(watch.poll().state == .training)
    }

    @Test("ends as its last event says, or as its summary says if no event does")
    func ends() throws {
        try folder.append(start, to: "events.jsonl")
        for status in ["completed", "interrupted", "diverged", "failed"] {
            try folder.append(event("run_ended", #""status":"\#(status)""#), to: "events.jsonl")
            #expect(watch.poll().state.rawValue == status)
        }
        let other = try TemporaryFolder()
        try other.write(summary(), to: "summary.json")
        let view = try RunWatch(other.path).poll()
        #expect(view.state == .completed)
        #expect(view.step == 30)
        #expect(view.summary?.weightsSHA256 == "abc")
    }

    private func summary(_ changes: [String: Any] = [:]) throws -> String {
        var fields: [String: Any] = [
            "status": "completed", "dataset": "MNIST", "workers": 2, "epochs": 1, "steps": 30,
            "examples": 300, "wall_seconds": 1.5, "examples_per_second": 200,
            "weights_sha256": "abc",
        ]
        fields.merge(changes) { $1 }
        return String(decoding: try JSONSerialization.data(withJSONObject: fields), as: UTF8.self)
    }

    // MARK: - Small files

    @Test("shows its settings as they are written, and updates them when they change")
    func settings() throws {
        #expect(watch.poll().settings == [])
        var configuration = RunConfiguration()
        configuration.training.batchSize = 7
        configuration.dataPath = "/data\n\u{202E}"
        try folder.write(
            String(decoding: configuration.encoded(), as: UTF8.self), to: "config.json")
        var view = watch.poll()
        #expect(view.configuration == configuration)
        #expect(view.setting("batch_size") == "7")
        #expect(view.setting("data_path") == "/data??")
        #expect(view.setting("nothing") == "")
        configuration.training.batchSize = 8
        try folder.write(
            String(decoding: configuration.encoded(), as: UTF8.self), to: "config.json")
        view = watch.poll()
        #expect(view.setting("batch_size") == "8")
        try FileManager.default.removeItem(atPath: "\(folder.path)/config.json")
        #expect(watch.poll().settings == [])
    }

    @Test("shows no more settings of a foreign configuration than fit on a page")
    func manySettings() throws {
        let members = (0..<100_000).map { "\"a\($0)\":[1,{\"b\":null}]" }
        try folder.write("{\(members.joined(separator: ","))}", to: "config.json")
        let view = watch.poll()
        #expect(view.configuration == nil)
        #expect(view.settings.count == 256)
        #expect(view.setting("a7") == #"[1,{"b":null}]"#)
    }

    @Test(
        "has no summary if that file is damaged or contains an impossible number",
        arguments: ["steps", "epochs", "wall_seconds", "workers", "examples"])
    func badSummary(_ field: String) throws {
        try folder.append(start, to: "events.jsonl")
        for value in [-1, -1e18, 1e300] {
            try folder.write(try summary([field: value]), to: "summary.json")
            let view = watch.poll()
            #expect(view.summary == nil || value > 0 && field == "examples")
            #expect((0...1).contains(try #require(view.progress)))
        }
        try folder.write("{", to: "summary.json")
        #expect(watch.poll().summary == nil)
    }

    @Test("shows a failure even if its numbers are out of range")
    func strangeFailure() throws {
        let failure: [String: Any] = [
            "process": "worker\n1", "host": "node", "pid": 1, "signal": 99_999_999_999,
            "lines": ["\u{1B}[2J"],
        ]
        try folder.write(try summary(["failure": failure]), to: "summary.json")
        let text = try #require(watch.poll().summary?.failure?.text)
        #expect(text.contains("worker?1"))
        #expect(!text.unicodeScalars.contains("\u{1B}"))
    }

    @Test("ignores small files that are huge")
    func hugeSmallFiles() throws {
        for name in ["config.json", "summary.json", "test.json"] {
            try folder.write("{}", to: name)
            #expect(truncate("\(folder.path)/\(name)", 1 << 40) == 0)
        }
        let view = watch.poll()
        #expect(view.settings == [])
        #expect(view.summary == nil)
        #expect(view.test == nil)
    }

    // MARK: - Files that grow

    @Test("stops within a huge file, reports that, and continues from there")
    func hugeFile() throws {
        try folder.append(start, to: "events.jsonl")
        // A hole: zeros that take no space on disk.
        #expect(truncate("\(folder.path)/events.jsonl", 40 << 20) == 0)
        try folder.append("\n" + event("training_started"), to: "events.jsonl")
        var view = watch.poll()
        #expect(view.isBehind)
        #expect(view.history.state == .waiting)
        while view.isBehind { view = watch.poll() }
        #expect(view.history.state == .training)
        #expect(view.skippedLines == 1)
    }

    @Test("counts damaged lines of all files, and names a file that cannot be read")
    func damage() throws {
        try folder.append(start + "{\n\0\n", to: "events.jsonl")
        try folder.append("x\n", to: "metrics.jsonl")
        try folder.append("[]\n", to: "timing.jsonl")
        #expect(watch.poll().skippedLines == 4)
        try FileManager.default.removeItem(atPath: "\(folder.path)/metrics.jsonl")
        #expect(symlink("/etc/passwd", "\(folder.path)/metrics.jsonl") == 0)
        let problems = watch.poll().problems
        #expect(problems.count == 1)
        #expect(problems.first?.contains("metrics.jsonl") == true)
    }

    @Test("shows the current state after a resume or a rewind")
    func resumed() throws {
        let first = SimulatedRun(workers: 1, steps: 512, isOver: false)
        try first.write(to: folder.path)
        #expect(watch.poll().curves.trainLoss.points.count == 512)
        // The metrics are truncated, and the other files continue.
        try folder.write(
            first.metrics.prefix(300).map { "\($0)\n" }.joined(), to: "metrics.jsonl")
        try folder.append(start + event("training_started", #""step":300"#), to: "events.jsonl")
        let view = watch.poll()
        #expect(view.curves.step == 300)
        #expect(view.curves.trainLoss.points.count == 300)
        #expect(view.totals.steps == 512)
        #expect(view.history.counts.sessions == 2)
        #expect(view.history.state == .training)
    }

    @Test("at a glance shows the ends of its files")
    func glance() throws {
        try SimulatedRun(workers: 1000, steps: 20_000).write(to: folder.path)
        let view = try RunWatch(folder.path, isGlance: true).poll()
        #expect(view.state == .completed)
        #expect(view.step == 20_000)
        #expect(!view.isBehind)
        #expect(view.skippedLines == 0)
        #expect(view.curves.trainLoss.points.count < 1000)
        #expect(view.timing == nil)
    }

    // MARK: - Hostile numbers

    @Test("shows any numbers in its lines, in every reader of this module")
    func extremes() throws {
        var random = SplitMix64(state: 5)
        let most = 1 << 52
        for _ in 0..<300 {
            func number() -> String { "\(JSONValue.randomNumber(&random))" }
            func whole() -> Int { [0, 1, most].randomElement(using: &random) ?? 0 }
            func seconds() -> String { ["0", "5e-324", "1e9"].randomElement(using: &random) ?? "" }
            try folder.append(
                """
                {"step":\(max(1, whole())),"epoch":1000000,"examples":2147483647,"seconds":\(seconds()),\
                "loss":\(number()),"accuracy":\(number()),"learning_rate":\(number())}
                {"step":1,"type":"epoch","test_loss":\(number()),"test_accuracy":\(number())}\n
                """, to: "metrics.jsonl")
            try folder.append(
                """
                {"time":1,"interval":1e-300,"seconds":\(seconds()),"steps":\(whole()),"examples":\(whole()),\
                "step":\(whole()),"phases":{"send":1e9,"first":\(seconds()),"wait":5e-324}}\n
                """, to: "timing.jsonl")
            try folder.append(
                event("run_started", #""total_steps":\#(whole()),"needed":\#(whole())"#)
                    + event("worker_joined", #""worker":"a:1","lanes":65536"#, time: 1e11)
                    + event("worker_late", #""worker":"a:1","times":\#(whole())"#, time: 0),
                to: "events.jsonl")
            let view = watch.poll(now: [0, 1e11, 1e300].randomElement(using: &random) ?? 0)
            #expect(!TopScreen(view, columns: 80, rows: 40).lines.isEmpty)
            let json = jsonText(RunStatus(view), isSnakeCase: true)
            #expect(throws: Never.self) {
                try JSONDecoder().decode(JSONValue.self, from: Data(json.utf8))
            }
        }
        #expect(watch.poll().skippedLines == 0)
    }
}
