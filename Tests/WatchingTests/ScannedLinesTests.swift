import Files
import Foundation
import Monitoring
import RunEvents
import TestSupport
import Testing
import Watching

@Suite("The lines of a run's files")
struct ScannedLinesTests {
    private let decoder: JSONDecoder = {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }()

    @Test(
        "for events are read as JSONDecoder reads them, with control characters escaped",
        arguments: ["x", "a\nb", "é\u{301}\"", "\u{202E}<b>", "😀語", "\\u0041"])
    func events(_ text: String) throws {
        for event in sampleEvents(saying: text) {
            let line = try #require(event.line(at: 1_800_000_000.25))
            let decoded = try decoder.decode(EventLine.self, from: Data(line.json.utf8))
            #expect(EventLine(Array(line.json.utf8)[...]) == decoded.plain)
        }
    }

    @Test("for events with all fields are read as JSONDecoder reads them")
    func wholeEvent() throws {
        var failure = ProcessFailure(process: "worker 1", pid: 4711, signal: 9, lines: ["a", "b"])
        for end in [(nil, 9), (1, nil)] as [(Int?, Int?)] {
            (failure.status, failure.signal) = end
            var line = EventLine(time: 1.5, event: "run_ended", level: "error", text: "it is over")
            (line.step, line.totalSteps, line.epoch) = (7, 1 << 40, 3)
            (line.worker, line.host, line.pid) = ("pool/node:1", "node", 1)
            (line.address, line.lanes, line.kernels) = ("10.0.0.1:5", 64, "avx512")
            (line.members, line.needed, line.shards) = (2, 3, [0, 4095])
            (line.seconds, line.usual, line.peer) = (0.1, 1e-5, "peer")
            (line.reason, line.workers, line.times) = ("why", [], 12)
            (line.path, line.signal, line.status) = ("/a/b", "SIGTERM", "failed")
            line.namespace = "pid:[1]"
            (line.version, line.weights, line.failure) = ("1.2", "ab", failure)
            line.metadata = ["a": "b", "": "c"]
            #expect(EventLine(Array(line.json.utf8)[...]) == line)
        }
    }

    @Test("for timing are read as JSONDecoder reads them")
    func timing() throws {
        var line = TimingLine(time: 1.5, interval: 1.0009765625, seconds: 9, epoch: 2, step: 30)
        (line.steps, line.examples, line.loss, line.accuracy) = (3, 384, 0.25, 1)
        (line.learningRate, line.bound) = (1e-4, "straggler pool/node:1")
        line.durations = [1, 0, 2]
        line.phases.wait = 0.75
        line.phases.send = 0.125
        (line.traffic.bytesSent, line.traffic.messagesReceived) = (1 << 40, 7)
        var worker = TimingReport.WorkerTiming(worker: "node:1")
        (worker.steps, worker.shards, worker.answer, worker.busy) = (3, 1.5, 0.01, 0.005)
        (worker.lanes, worker.lateness, worker.audits) = ([0.5, 0.25], 0.125, 4)
        (worker.bytesSent, worker.bytesReceived) = (1, 2)
        line.workers = [worker, TimingReport.WorkerTiming(worker: "other:2")]
        let text = jsonText(line, isSnakeCase: true)
        #expect(TimingLine(Array(text.utf8)[...]) == line)
        for text in SimulatedRun(workers: 40, steps: 2560).timing {
            let decoded = try decoder.decode(TimingLine.self, from: Data(text.utf8))
            let read = try #require(TimingLine(Array(text.utf8)[...]))
            #expect(read.workers.map(\.worker) == decoded.workers.map(\.worker))
            #expect(read.phases.first == decoded.phases.first)
            #expect(abs(read.phases.wait - decoded.phases.wait) <= 2 * read.phases.wait.ulp)
            #expect(read.traffic == decoded.traffic)
            #expect(read.durations == decoded.durations)
        }
    }

    @Test("for metrics are read as JSONDecoder reads them")
    func metrics() throws {
        func fields(_ line: MetricsLine) -> [Double?] {
            [
                line.time, Double(line.epoch), Double(line.step), Double(line.examples),
                line.seconds, line.loss, line.accuracy, line.learningRate, line.testLoss,
                line.testAccuracy,
            ]
        }
        for text in SimulatedRun(workers: 0, steps: 200, stepsPerEpoch: 100).metrics {
            let decoded = try JSONDecoder().decode(MetricsLine.self, from: Data(text.utf8))
            let read = try #require(MetricsLine(Array(text.utf8)[...]))
            #expect(read.type == decoded.type)
            for (value, expected) in zip(fields(read), fields(decoded)) {
                #expect((value == nil) == (expected == nil))
                #expect(abs((value ?? 0) - (expected ?? 0)) <= 2 * (expected ?? 0).ulp)
            }
        }
    }

    @Test(
        "are rejected if a number is impossible",
        arguments: [
            #"{"event":"log","time":-1}"#, #"{"event":"log","time":1e300}"#,
            #"{"event":"log","step":0.5}"#, #"{"event":"log","step":-1}"#,
            #"{"event":"log","lanes":0}"#, #"{"event":"log","shards":[4096]}"#,
            #"{"event":"log","failure":{"signal":99999999999}}"#, #"{"event":"log","step":null}"#,
            #"{"event":""}"#, "{}", "[]", #"{"event":"log"}}"#, #"{"event":["log"]}"#,
        ])
    func badEvents(_ text: String) {
        #expect(EventLine(Array(text.utf8)[...]) == nil)
    }
}
