import Monitoring
import RunEvents
import TestSupport
import Testing
import Watching

@Suite("The history of a run")
struct RunHistoryTests {
    private var history = RunHistory()
    private var time = 100.0

    /// Adds an event one second after the previous one.
    private mutating func add(_ name: String, _ fill: (inout EventLine) -> Void = { _ in }) {
        time += 1
        var line = EventLine(time: time, event: name, level: "info", text: name)
        fill(&line)
        history.add(line)
    }

    private mutating func join(_ name: String) {
        add("worker_joined") {
            ($0.worker, $0.host, $0.lanes, $0.kernels) = (name, "node", 2, "avx2")
        }
    }

    @Test("follows the states of its events, and keeps the span of each")
    mutating func states() {
        #expect(history.state == .unknown)
        add("run_started") { ($0.totalSteps, $0.needed, $0.version) = (100, 2, "1.0") }
        #expect(history.state == .waiting)
        add("training_started") { $0.step = 0 }
        #expect(history.state == .training)
        add("run_paused") { ($0.needed, $0.step) = (3, 9) }
        #expect(history.state == .paused)
        #expect(history.needed == 3)
        add("run_rewinding") { $0.step = 3 }
        #expect(history.state == .rewinding)
        add("run_rewound") { $0.step = 3 }
        #expect(history.state == .training)
        add("run_stopping") { $0.signal = "SIGTERM" }
        #expect(history.state == .stopping)
        add("run_ended") { ($0.status, $0.step) = ("interrupted", 12) }
        #expect(history.state == .interrupted)
        #expect(history.end == time)
        add("run_started") { $0.totalSteps = 100 }
        #expect(history.end == nil)
        add("run_ended") { ($0.status, $0.reason) = ("diverged", "the loss is NaN") }
        #expect(history.state == .diverged)
        #expect(history.reason == "the loss is NaN")
        #expect(
            history.spans.map(\.state) == [
                .waiting, .training, .paused, .rewinding, .training, .stopping, .interrupted,
                .waiting, .diverged,
            ])
        #expect(history.spans.map(\.start) == (101...109).map(Double.init))
        #expect((history.counts.sessions, history.counts.rewinds) == (2, 1))
        #expect((history.start, history.step, history.totalSteps) == (101, 12, 100))
    }

    @Test("treats an unknown end as a failure, and ignores an unknown event")
    mutating func unknownWords() {
        add("run_started")
        add("something_new")
        #expect(history.state == .waiting)
        add("run_ended") { $0.status = "exploded" }
        #expect(history.state == .failed)
    }

    @Test("collects what its events report about each worker")
    mutating func worker() throws {
        join("a:1")
        join("b:2")
        add("shards_assigned") { ($0.worker, $0.shards) = ("a:1", [0, 1, 2]) }
        add("worker_late") { ($0.worker, $0.times) = ("a:1", 1) }
        add("worker_late") { ($0.worker, $0.times) = ("a:1", 4) }
        add("worker_wrong") { ($0.worker, $0.times) = ("b:2", 1) }
        add("worker_standing_by") { $0.worker = "b:2" }
        add("worker_late") { $0.worker = "nobody:9" }
        #expect(history.members == 2)
        #expect(history.workers.map(\.state) == [.here, .standby])
        #expect(history.workers.map(\.shards) == [3, 0])
        #expect((history.workers[0].lanes, history.workers[0].kernels) == (2, "avx2"))
        #expect((history.workers[0].late, history.counts.late) == (4, 4))
        #expect(history.workers[0].lateTimes.count == 2)
        #expect((history.workers[1].strikes, history.counts.wrong) == (1, 1))
        add("worker_back") { $0.worker = "b:2" }
        #expect(history.workers[1].state == .here)
        add("worker_left") { ($0.worker, $0.reason) = ("a:1", "gone") }
        #expect((history.workers[0].state, history.workers[0].reason) == (.left, "gone"))
        #expect((history.workers[0].left, history.workers[0].shards) == (time, 0))
        // The worker keeps its counts.
        join("a:1")
        #expect((history.workers[0].state, history.workers[0].late) == (.here, 4))
        #expect(history.workers.count == 2)
        #expect((history.counts.joined, history.counts.left) == (3, 1))
    }

    @Test("marks all workers as left when a run ends or a new session begins")
    mutating func sessions() {
        add("run_started")
        join("a:1")
        add("training_started")
        // The coordinator is killed.
        add("run_started")
        #expect(history.members == 0)
        #expect(history.workers.first?.reason == "a new session began")
        join("b:2")
        add("run_ended") { $0.status = "completed" }
        #expect(history.members == 0)
        #expect(history.workers.last?.reason == "the run ended")
        #expect(history.counts.left == 0)
    }

    @Test("stays small with 100,000 joins, and keeps the present workers")
    mutating func manyJoins() {
        join("old:1")
        for number in 0..<100_000 {
            join("node-\(number):1")
            add("worker_left") { ($0.worker, $0.reason) = ("node-\(number):1", "gone") }
        }
        #expect(history.counts.joined == 100_001)
        #expect(history.workers.count <= 2 * RunHistory.mostWorkers)
        #expect(history.workers.count >= RunHistory.mostWorkers)
        #expect(history.workers.first?.name == "old:1")
        #expect(history.workers.last?.name == "node-99999:1")
        #expect(history.members == 1)
        #expect(history.log.count < 2 * RunHistory.mostLines)
        #expect(history.lineCount == 200_001)
        // Events and timing still find the right workers.
        add("shards_assigned") { ($0.worker, $0.shards) = ("old:1", [7]) }
        var timing = TimingReport.WorkerTiming(worker: "node-99999:1")
        timing.bytesSent = 5
        history.add(timing)
        #expect(history.workers.first?.shards == 1)
        #expect(history.workers.last?.bytesSent == 5)
    }

    @Test("stays small with 100,000 workers that never leave, and 100,000 other events")
    mutating func manyOthers() {
        for number in 0..<100_000 { join("node-\(number):1") }
        #expect(history.workers.count <= 2 * RunHistory.mostWorkers)
        #expect(history.workers.last?.name == "node-99999:1")
        for _ in 0..<50_000 {
            add("run_paused")
            add("training_started")
            add("checkpoint_written")
            add("worker_late") { $0.worker = "node-99999:1" }
            add("worker_wrong") { $0.worker = "node-99999:1" }
        }
        #expect(history.spans.count <= RunHistory.mostMarks)
        #expect(history.checkpointTimes.count <= RunHistory.mostMarks)
        #expect(history.workers.last?.lateTimes.count == RunHistory.mostMarks)
        #expect(history.workers.last?.wrongTimes.count == RunHistory.mostMarks)
        #expect(history.counts.checkpoints == 50_000)
    }

    @Test("overflows no count, whatever the events contain")
    mutating func largeCounts() {
        join("a:1")
        for _ in 0..<4096 {
            add("worker_late") { ($0.worker, $0.times) = ("a:1", 1 << 52) }
            add("worker_late") { ($0.worker, $0.times) = ("a:1", 0) }
            add("worker_wrong") { ($0.worker, $0.times) = ("a:1", 1 << 52) }
            add("flood_dropped") { $0.times = 1 << 52 }
        }
        #expect(history.counts.late == .max)
        #expect(history.counts.dropped == .max)
        var timing = TimingReport.WorkerTiming(worker: "a:1")
        timing.bytesSent = .max
        for _ in 0..<2 { history.add(timing) }
        #expect(history.workers[0].bytesSent == .max)
    }

    @Test("keeps only the displayed parts of a log line, not its long lists")
    mutating func lists() {
        add("log") { line in
            line.shards = [Int](repeating: 1, count: 4096)
            line.workers = ["a"]
            line.metadata = ["a": "b"]
        }
        #expect(history.log.count == 1)
        #expect(history.log.first?.text == "log")
        #expect(history.log.first?.shards == nil)
        #expect(history.log.first?.metadata == nil)
    }
}
