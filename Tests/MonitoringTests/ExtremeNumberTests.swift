import Files
import FoundationEssentials
import Logging
import Monitoring
import Reduction
import RunEvents
import Testing
import TestSupport

@Suite("Extreme numbers") struct ExtremeNumberTests {
    static let extremes: [Double] = [
        .nan, .signalingNaN, .infinity, -.infinity, 1e308, -1e308, .greatestFiniteMagnitude,
        .leastNonzeroMagnitude, -.leastNonzeroMagnitude, -0.0, 1e18, 1e19, 9.3e9, 1e11, 123,
    ]

    @Test("in losses, rates and times do not crash the writers", arguments: extremes)
    func events(value: Double) async throws {
        let folder = try TemporaryFolder()
        let (opened, metrics) = (try Folder(folder.path), "\(folder.path)/\(MetricsFile.name)")
        let (sink, thread) = (LogSink(), RecordThread())
        let recorder = RunRecorder(
            logger: Logger(label: "test") { _ in SinkLogHandler(sink, level: .critical) },
            sink: sink, thread: thread, metrics: try MetricsFile(in: opened, resumingAt: 0),
            steps: try StepsFile(in: opened, resumingAt: 0),
            timing: try TimingFile(in: opened), logEvery: 1, resumingAt: 0)
        // Each number by itself, and all together.
        for place in 0...5 {
            func number(_ index: Int) -> Double { index == place || place == 5 ? value : 1 }
            let tally = Tally(examples: 1, correct: 1, loss: number(0))
            let step = StepReport(
                epoch: 1, epochs: 2, stepInEpoch: 1, stepsPerEpoch: 1, step: place + 1,
                tally: tally,
                learningRate: number(1), seconds: number(2), positions: 0..<1, weights: .none)
            let epoch = EpochReport(
                epoch: 1, epochs: 2, step: place + 1, train: tally,
                test: Tally(examples: 1, correct: 0, loss: number(3)), seconds: number(2),
                examplesPerSecond: number(4))
            for event in [RunEvent.step(step), .epoch(epoch)] {
                try recorder.record(event)
                #expect(event.text?.message.isEmpty == false)
            }
            var bar = ProgressBar()
            for width in [0, 20, 80] { _ = bar.text(after: step, width: width) }
            try check(place, value, epoch)
        }
        recorder.flush { #expect($0 == nil) }
        #expect(await thread.finish() == nil)
        for line in try String(contentsOf: URL(filePath: metrics), encoding: .utf8)
            .split(separator: "\n")
        {
            _ = try JSONDecoder().decode([String: JSONValue].self, from: Data(line.utf8))
            #expect(value.isFinite || line.contains("null") || line.contains("step"))
        }
    }

    private func check(_ place: Int, _ value: Double, _ epoch: EpochReport) throws {
        let summary = RunSummary(
            status: "completed", dataset: "custom", workers: 1, epochs: 1, steps: 1, examples: 1,
            wallSeconds: place == 2 || place == 5 ? value : 1, lastEpoch: epoch, weightsSHA256: "")
        #expect(summary.lines.allSatisfy { !$0.isEmpty })
        _ = try JSONDecoder().decode(
            [String: JSONValue].self, from: Data(jsonText(summary, isPretty: true).utf8))
    }

    @Test("are formatted for display without a crash", arguments: extremes)
    func texts(value: Double) {
        for decimals in 0...12 { #expect(!fixed(value, decimals).isEmpty) }
        for text in [percent(value), grouped(value), clockText(seconds: value)] {
            #expect(!text.isEmpty)
        }
    }

    @Test("get grouped digits only within a normal range, also if negative")
    func groups() {
        #expect(grouped(-123) == "-123")
        #expect(grouped(-1234) == "-1,234")
        #expect(grouped(1e20) == "1e+20")
        #expect(grouped(.nan) == "nan")
        #expect(grouped(-.infinity) == "-inf")
        #expect(fixed(1e11, 9) == "100000000000.0")
        #expect(fixed(2.5e6, 9) == "2500000.000000000")
        #expect(clockText(seconds: .nan) == "?")
    }
}

/// A JSON value of any kind.
private enum JSONValue: Decodable {
    case null, number(Double), text(String)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }
}
