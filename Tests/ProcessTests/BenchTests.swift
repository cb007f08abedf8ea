import FoundationEssentials
import Glibc
import Testing

/// Checks the JSON of each `tern bench` command; no test expects a speed.
@Suite("tern bench", .bench)
struct BenchTests {
    private func measure<Result: Decodable>(
        _ arguments: String..., as type: Result.Type
    ) async throws -> Result {
        let ending = try await tern(["bench"] + arguments + ["--format", "json"])
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.errors == "")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(ending.output.utf8))
    }

    struct Kernels: Decodable {
        let kernels: String
        let threads: Int
        let peakGflops: Double
        let products: [Kernel]
        let elementwise: [Kernel]

        struct Kernel: Decodable {
            let name: String
            let shape: String
            let microseconds: Double
            let gflops: Double?
            let shareOfPeak: Double?
            let valuesPerSecond: Double?
        }
    }

    @Test("kernels measures each product and activation", arguments: ["rnn", "lstm", "gru"])
    func kernels(cell: String) async throws {
        let rates = try await measure(
            "kernels", "--threads", "2", "--cell", cell, "--hidden", "8", "--rows", "4",
            "--seconds", "0.001", as: Kernels.self)
        #expect(rates.threads == 2)
        #expect(rates.peakGflops > 0)
        #expect(rates.products.count == (cell == "gru" ? 9 : 5))
        for rate in rates.products {
            #expect(rate.microseconds > 0)
            #expect(try #require(rate.gflops) > 0)
            #expect(try #require(rate.shareOfPeak) > 0)
            #expect(rate.valuesPerSecond == nil)
        }
        let names = rates.elementwise.map(\.name)
        for name in ["tanh", "lstm", "gruBackward", "widen", "add", "adam", "transpose"] {
            #expect(names.contains(name))
        }
        for rate in rates.elementwise {
            #expect(try #require(rate.valuesPerSecond) > 0)
            #expect((rate.gflops == nil) == ["transpose", "isFinite"].contains(rate.name))
        }
    }

    struct Step: Decodable {
        let rows: Int
        let steps: Int
        let phases: [Phase]
        let sumMicroseconds: Double
        let wholeMicroseconds: Double
        let wholeGflops: Double

        struct Phase: Decodable {
            let name: String
            let microseconds: Double
            let share: Double
            let gflops: Double?
        }
    }

    @Test("step measures phases that add up", arguments: [1, 5, 64])
    func step(rows: Int) async throws {
        let times = try await measure(
            "step", "--cell", "lstm", "--hidden", "8", "--layers", "2", "--bidirectional",
            "--rows", "\(rows)", "--seconds", "0.01", as: Step.self)
        #expect(times.rows == rows)
        #expect(times.steps > 0)
        #expect(
            times.phases.map(\.name) == [
                "weights", "convert", "forward", "loss", "backward", "parameter gradients",
                "reduce",
            ])
        let sum = times.phases.map(\.microseconds).reduce(0, +)
        #expect(abs(sum - times.sumMicroseconds) < 1e-6 * sum)
        #expect(abs(times.phases.map(\.share).reduce(0, +) - 1) < 1e-6)
        #expect(times.wholeMicroseconds > 0)
        #expect(times.wholeGflops > 0)
        #expect(times.phases.count { $0.gflops != nil } == (rows > 1 ? 4 : 3))
    }

    struct Spread: Decodable {
        let median: Double
        let least: Double
        let greatest: Double
    }

    struct Round: Decodable {
        let workers: Int
        let values: Int
        let bytes: Int
        let rounds: Int
        let repeats: Int
        let bareMicroseconds: Spread
        let ternMicroseconds: Spread
        let ratio: Spread
    }

    @Test("round measures both sides, with any number of workers", arguments: [1, 2, 3])
    func round(workers: Int) async throws {
        let times = try await measure(
            "round", "--workers", "\(workers)", "--values", "3000", "--rounds", "20", "--repeat",
            "2", as: Round.self)
        #expect(times.workers == workers)
        #expect((2900...3000).contains(times.values))
        #expect(times.bytes == 4 * times.values)
        #expect(times.rounds == 20)
        #expect(times.repeats == 2)
        for spread in [times.bareMicroseconds, times.ternMicroseconds, times.ratio] {
            #expect(0 < spread.least)
            #expect(spread.least <= spread.median && spread.median <= spread.greatest)
        }
    }

    struct Decisions: Decodable {
        let runs: [Run]

        struct Run: Decodable {
            let workers: Int
            let shards: Int
            let sums: Int
            let stepMicroseconds: Spread
        }
    }

    @Test("decisions measures each number of workers")
    func decisions() async throws {
        let times = try await measure(
            "decisions", "--workers", "1,48,64", "--steps", "2", "--repeat", "1",
            as: Decisions.self)
        #expect(times.runs.map(\.workers) == [1, 48, 64])
        #expect(times.runs.map(\.shards) == [1, 64, 64])
        #expect(times.runs.map(\.sums) == [1, 48, 64])
        #expect(times.runs.allSatisfy { $0.stepMicroseconds.least > 0 })
    }

    struct Train: Decodable {
        let dataset: String
        let epochs: Int
        let repeats: Int
        let runs: [Run]

        struct Run: Decodable {
            let settings: Settings
            let examplesPerSecond: Spread
            let secondsToFirstStep: Spread
            let workerPeakBytes: Int?
            let coordinatorPeakBytes: Int?
        }
        struct Settings: Decodable {
            let cell: String
            let hidden: Int
            let layers: Int
            let bidirectional: Bool
            let batchSize: Int
            let workers: Int
            let threads: Int
        }
    }

    @Test("train measures every combination and leaves no files")
    func train() async throws {
        let data = try SampleData()
        let rates = try await measure(
            "train", "--data", data.folder, "--cells", "rnn,gru", "--hidden", "8",
            "--batch-size", "100", "--workers", "1,2", "--epochs", "2", as: Train.self)
        #expect(rates.dataset == "custom")
        #expect(rates.epochs == 2)
        #expect(rates.repeats == 1)
        #expect(rates.runs.map(\.settings.cell) == ["rnn", "rnn", "gru", "gru"])
        #expect(rates.runs.map(\.settings.workers) == [1, 2, 1, 2])
        for run in rates.runs {
            #expect(run.examplesPerSecond.least > 0)
            #expect(run.secondsToFirstStep.least > 0)
            // The rest is not expected: such a short run may end before it is sampled again.
            #expect(run.coordinatorPeakBytes.map { $0 > 0 } ?? true)
            #expect(run.workerPeakBytes.map { $0 > 0 } ?? true)
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: bench.folder)
        #expect(left.count == 4, "data, keys, and what was printed: \(left)")
    }

    @Test(
        "train stops at a signal together with its run, and leaves no folder",
        arguments: [SIGINT, SIGTERM])
    func stopped(signal: Int32) async throws {
        let data = try SampleData.large()
        let process = try start(
            ["bench", "train", "--data", data.folder, "--workers", "2", "--epochs", "1000"])
        let run = try await eventually("a run's folder") {
            bench.running("--run-dir").lazy.compactMap { pid in
                let words = words(ofFile: "/proc/\(pid)/cmdline")
                return words.firstIndex(of: "--run-dir").map { words[$0 + 1] }
            }.first { FileManager.default.fileExists(atPath: "\($0)/metrics.jsonl") }
        }
        process.signal(signal)
        let ending = try await process.end()
        #expect(ending.status == 128 + signal)
        #expect(ending.errors == "")
        let folder = String(run.dropLast("/run".count))
        #expect(folder.hasPrefix("/tmp/tern-bench-"))
        #expect(!FileManager.default.fileExists(atPath: folder))
        try await bench.nothingRuns()
    }

    @Test("prints readable tables")
    func tables() async throws {
        let data = try SampleData()
        for (arguments, parts) in [
            (["kernels", "--hidden", "8", "--seconds", "0.001"], ["peak of", "carry back"]),
            (["step", "--hidden", "8", "--seconds", "0.01"], ["backward", "whole step"]),
            (["round", "--values", "2000", "--rounds", "10", "--repeat", "1"], ["bare libzmq"]),
            (["decisions", "--workers", "2", "--steps", "2"], ["ns a worker"]),
            (["train", "--data", data.folder, "--workers", "1"], ["examples/s", "worker MB"]),
        ] {
            let ending = try await tern(["bench"] + arguments)
            #expect(ending.status == 0, "\(ending)")
            for part in parts { #expect(ending.output.contains(part), "\(ending)") }
        }
    }

    @Test("reports a failed training in one line")
    func failingTraining() async throws {
        let data = try SampleData()
        try await expectRefusal(
            ["bench", "train", "--data", data.folder, "--batch-size", "601"], status: 64,
            "--batch-size 601 is larger")
        try await expectRefusal(
            ["bench", "train", "--data", bench.path("none")], status: 66, "none")
    }

    @Test(
        "rejects impossible options",
        arguments: [
            ["kernels", "--threads", "0"], ["kernels", "--seconds", "0"],
            ["step", "--rows", "129"],
            ["step", "--hidden", "9000"], ["round", "--workers", "1025"],
            ["round", "--rounds", "1"],
            ["decisions", "--workers", "4097"],
            ["train", "--workers", "1,,2"], ["train", "--cells", "rnn,tree"],
            ["train", "--repeat", "0"],
        ])
    func impossible(arguments: [String]) async throws {
        let ending = try await tern(["bench"] + arguments)
        #expect(ending.status == 64)
        #expect(ending.errors.contains(arguments[1]), "\(ending)")
    }
}
