import FoundationEssentials
import Glibc
import Requirements
import Testing

/// The content that TensorBoard's own reader finds.
private struct Board: Decodable {
    /// A time, a step and a value.
    typealias Point = [Double]

    let version: Double
    let scalars: [String: [Point]]
    let start: Double
    let settings: [String: String]
}

/// A line of `metrics.jsonl` with its time.
private struct TimedMetric: Decodable {
    let metric: Metric
    let time: Double

    private enum CodingKeys: String, CodingKey { case time }

    init(from decoder: any Decoder) throws {
        metric = try Metric(from: decoder)
        time = try decoder.container(keyedBy: CodingKeys.self).decode(Double.self, forKey: .time)
    }
}

extension RunFolder {
    fileprivate func board() async throws -> Board {
        let python = try #require(Python.withTensorBoard)
        let reader = try bench.start(
            [python, Python.script("read-tensorboard.py"), path("tensorboard")],
            environment: ["PYTHONDONTWRITEBYTECODE": "1"])
        let ending = try await reader.end()
        #expect(ending.status == 0, "\(ending)")
        return try JSONDecoder().decode(Board.self, from: Data(ending.output.utf8))
    }

    /// The curves that the run's metrics should give.
    fileprivate func expectedScalars() throws -> [String: [Board.Point]] {
        var scalars: [String: [Board.Point]] = [:]
        var (step, seconds) = (0, 0.0)
        for line in try timedMetrics {
            let metric = line.metric
            func add(_ tag: String, _ value: Double?) {
                guard let value else { return }
                scalars[tag, default: []].append(
                    [line.time, Double(metric.step), Double(Float(value))])
            }
            if metric.type == "step" {
                add("train/loss", metric.loss)
                add("train/accuracy", metric.accuracy)
                add("train/learning_rate", metric.learningRate)
                let examples = Double(metric.step - step) * Double(metric.examples)
                add("train/examples_per_second", examples / (metric.seconds - seconds))
            } else {
                add("test/loss", metric.testLoss)
                add("test/accuracy", metric.testAccuracy)
            }
            (step, seconds) = (metric.step, metric.seconds)
        }
        return scalars
    }

    fileprivate var timedMetrics: [TimedMetric] {
        get throws {
            try readFile(path("metrics.jsonl")).split(separator: 10).map {
                try JSONDecoder().decode(TimedMetric.self, from: Data($0))
            }
        }
    }

    /// Expects that TensorBoard finds each number of the run's metrics once.
    @discardableResult
    fileprivate func checkBoard() async throws -> Board {
        let board = try await board()
        #expect(try board.scalars == expectedScalars())
        #expect(try board.start == timedMetrics.first?.time)
        #expect(board.version == 2)
        for (tag, points) in board.scalars {
            #expect(Set(points.map { $0[1] }).count == points.count, "\(tag)")
        }
        return board
    }

    fileprivate var boardFiles: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path("tensorboard")) }
    }
}

@Suite(
    "TensorBoard reads a run's numbers", .bench,
    .needs(Python.tensorBoard))
struct TensorBoardTests {
    @Test("once each after a kill and a resume, with and without the option")
    func killed() async throws {
        let run = RunFolder()
        let recipe = Recipe.long.with(
            "--workers", "2", "--checkpoint-every", "50", "--tensorboard", "", "--convolution", "4",
            "--seed", "18446744073709551615")
        let train = try start(recipe.arguments(try SampleData.large(), into: run))
        try await train.line("Epoch [2/4], Step [100/600]")
        train.kill()
        _ = try await train.end()
        let files = try run.boardFiles
        let (found, expected) = (try await run.board().scalars, try run.expectedScalars())
        for (tag, all) in expected {
            // The kill may hit between a line and its event.
            let points = try #require(found[tag])
            #expect(all.starts(with: points) && points.count >= all.count - 1, "\(tag)")
        }

        // A session without the option makes steps that are not in the file.
        let without = try start(["train", "--resume", run.path])
        try await without.line("Epoch [3/4], Step [20/600]")
        _ = try await run.interrupted(without, by: SIGTERM)
        #expect(try run.boardFiles == files)

        _ = try await run.resume("--tensorboard")
        #expect(try run.boardFiles == files)
        let board = try await run.checkBoard()
        #expect(
            board.scalars["train/loss"]?.map { $0[1] }
                == stride(from: 20, through: 2400, by: 20).map(Double.init))
        #expect(board.scalars["test/loss"]?.map { $0[1] } == [600, 1200, 1800, 2400])
        for (name, value) in [
            ("batch_size", "10.0"), ("cell", "rnn"), ("bidirectional", "False"),
            ("convolution", "4"),
            ("seed", "18446744073709551615"), ("learning_rate", "0.003"),
            ("initial_weights", "none"),
        ] {
            #expect(board.settings[name] == value, "\(name)")
        }
    }

    @Test("after a resume with more epochs, and finds no file without the option")
    func moreEpochs() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let recipe = Recipe.small.with("--schedule", "constant")
        _ = try await recipe.train(data, into: run)
        #expect(!FileManager.default.fileExists(atPath: run.path("tensorboard")))
        _ = try await run.resume("--epochs", "3", "--tensorboard")
        #expect(try await run.checkBoard().settings["epochs"] == "3.0")
    }

    @Test("from a coordinator, which suggests the option in its command to resume")
    func coordinator() async throws {
        let run = RunFolder()
        let cluster = try await Cluster(
            Recipe.long.with("--tensorboard", ""), try SampleData.large(), into: run)
        _ = try cluster.worker()
        try await cluster.coordinator.line("Epoch [2/4], Step [20/600]")
        cluster.coordinator.signal(SIGTERM)
        let ending = try await cluster.coordinator.end()
        #expect(ending.status == 128 + SIGTERM)
        #expect(ending.output.contains("--resume \(run.path) --tensorboard"), "\(ending)")
        try await run.checkBoard()
    }
}
