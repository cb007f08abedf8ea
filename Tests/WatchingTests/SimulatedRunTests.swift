import Files
import Foundation
import Logging
import Monitoring
import TestSupport
import Testing
import Watching

@Suite("A simulated run's folder", .timeLimit(.minutes(5)))
struct SimulatedRunTests {
    @Test("has the lines that the real encoders write")
    func realLines() async throws {
        let run = SimulatedRun(workers: 2, steps: 256, stepsPerEpoch: 128)
        for line in run.events {
            #expect(try #require(EventLine(parsing: Array(line.utf8)[...])).json == line)
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        for line in run.timing {
            let timing = try decoder.decode(TimingLine.self, from: Data(line.utf8))
            #expect(jsonText(timing, isSnakeCase: true) == line)
        }
        // Only the numbers of a step and an epoch may differ from what the encoders write.
        let numbers = /:-?[0-9.e-]+/
        let written = try await writtenMetrics().map { $0.replacing(numbers, with: ":0") }
        let simulated = [run.metrics[0], run.metrics[128]].map { $0.replacing(numbers, with: ":0") }
        #expect(written == simulated)
    }

    /// The lines of a step and an epoch in `metrics.jsonl`.
    private func writtenMetrics() async throws -> [String] {
        let folder = try TemporaryFolder()
        let opened = try Folder(folder.path)
        let (sink, thread) = (LogSink(), RecordThread())
        let recorder = RunRecorder(
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, sink: sink,
            thread: thread, metrics: try MetricsFile(in: opened, resumingAt: 0),
            steps: try StepsFile(in: opened, resumingAt: 0),
            timing: try TimingFile(in: opened), logEvery: 1, resumingAt: 0)
        for event in sampleEvents() {
            switch event {
            case .step, .epoch: try recorder.record(event)
            default: break
            }
        }
        #expect(await thread.finish() == nil)
        return try Files.read("\(folder.path)/\(MetricsFile.name)")
            .split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("depends only on the seed")
    func seeds() {
        let run = SimulatedRun(workers: 3, steps: 300)
        #expect(run.metrics == SimulatedRun(workers: 3, steps: 300).metrics)
        #expect(run.timing == SimulatedRun(workers: 3, steps: 300).timing)
        #expect(run.metrics != SimulatedRun(workers: 3, steps: 300, seed: 2).metrics)
    }

    @Test("with 1,000 workers and 20,000 steps is read completely into few points")
    func large() throws {
        let folder = try TemporaryFolder()
        let run = SimulatedRun(workers: 1000, steps: 20_000)
        try run.write(to: "\(folder.path)/run")
        let watch = try RunWatch("\(folder.path)/run")
        var view = watch.poll()
        while view.isBehind { view = watch.poll() }
        #expect(view.problems == [])
        #expect(view.skippedLines == 0)
        #expect(view.state == .completed)
        #expect(view.step == 20_000)
        #expect(view.epoch == 20)
        #expect(view.progress == 1)
        #expect(view.setting("workers") == "1000")
        #expect(view.configuration?.workers == 1000)

        let loss = view.curves.trainLoss
        #expect(loss.points.count <= Curve.mostPoints)
        #expect(loss.points.reduce(0) { $0 + $1.count } == 20_000)
        #expect(view.curves.testLoss.points.count == 20)
        #expect(view.bands.points.count == 156)
        #expect(view.bands.points.reduce(0) { $0 + $1.count } == 156)

        #expect(view.totals.steps == 156 * 128)
        #expect(view.totals.examples == 156 * 128 * 128)
        #expect(view.totals.traffic.bytesSent == 156 * 3000)
        #expect(view.totals.phases.first == 156 * 0.5)
        #expect(view.totals.durations.counts.reduce(0, +) == 156 * 128)

        let history = view.history
        #expect(history.workers.count == 1000)
        #expect(history.counts.joined == 1500)
        #expect(history.counts.left == 500)
        #expect(history.counts.late == 500)
        #expect(history.counts.checkpoints == 20)
        // Every worker has had its turn.
        #expect(history.workers.allSatisfy { $0.bytesSent >= 1000 && $0.answer != nil })
        #expect(history.log.count < 2 * RunHistory.mostLines)
    }
}
