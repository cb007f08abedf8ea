import FoundationEssentials
import Hashing
import Testing

@Suite("The output of a run", .bench)
struct RunFilesTests {
    @Test("includes config.json, which repeats the run, and options override it")
    func configuration() async throws {
        let data = try SampleData()
        let first = RunFolder("first")
        let recipe = Recipe.small.with(
            "--layers", "2", "--hidden", "24", "--learning-rate", "0.01", "--schedule", "constant",
            "--clip-norm", "0.25", "--shards", "8", "--seed", "18446744073709551615", "--workers",
            "3", "--threads", "2", "--log-every", "2", "--checkpoint-every", "4")
        let original = try await recipe.train(data, into: first)

        func repeated(_ name: String, _ options: String...) async throws -> Summary {
            let run = RunFolder(name)
            let ending = try await tern(
                ["train", "--config", first.path("config.json"), "--run-dir", run.path] + options)
            return try run.completed(ending)
        }
        let same = try await repeated("same")
        #expect(same.weights == original.weights)
        #expect(same.workers == 3)
        #expect(try RunFolder("same").text("config.json") == first.text("config.json"))
        let other = try await repeated("other", "--seed", "7", "--workers", "1", "--threads", "1")
        #expect(other.weights != original.weights)
        #expect(other.workers == 1)
        #expect(try RunFolder("other").text("config.json").contains(#""seed" : 7"#))
        let wider = try await repeated("wider", "--workers", "1", "--threads", "3")
        #expect(wider.weights == original.weights)
    }

    @Test("includes metrics.jsonl with one object for each logged step and each epoch")
    func metrics() async throws {
        let run = RunFolder()
        // 6 steps an epoch; the last one has 600 - 5 * 110 examples.
        let recipe = Recipe.small.with("--log-every", "2", "--batch-size", "110")
        let summary = try await recipe.train(try SampleData(), into: run)
        let metrics = try run.metrics
        #expect(
            metrics.map(\.type) == [
                "step", "step", "step", "epoch", "step", "step", "step", "epoch",
            ])
        #expect(metrics.map(\.step) == [2, 4, 6, 6, 8, 10, 12, 12])
        #expect(metrics.map(\.epoch) == [1, 1, 1, 1, 2, 2, 2, 2])
        #expect(metrics.map(\.examples) == [110, 110, 50, 600, 110, 110, 50, 600])
        for step in metrics where step.type == "step" {
            #expect(try #require(step.loss).isFinite)
            #expect((0...1).contains(try #require(step.accuracy)))
            #expect(try #require(step.learningRate) > 0)
        }
        #expect(metrics.last?.testLoss == summary.testLoss)
        #expect(metrics.last?.testAccuracy == summary.testAccuracy)
        #expect(metrics.last?.trainLoss == summary.trainLoss)
        #expect(metrics.last?.seconds == summary.wallSeconds)
    }

    @Test("includes events.jsonl with the log's events in order, and the session's start and end")
    func events() async throws {
        let run = RunFolder()
        let recipe = Recipe.small.with("--log-level", "debug", "--workers", "2")
        _ = try await recipe.train(try SampleData(), into: run)
        let events = try run.events
        #expect(events.first?.event == "run_started" && events.first?.step == 0)
        #expect(events.last?.event == "run_ended" && events.last?.status == "completed")
        #expect(zip(events, events.dropFirst()).allSatisfy { $0.time <= $1.time })
        for name in ["worker_joined", "shards_assigned"] {
            #expect(Set(events.filter { $0.event == name }.compactMap(\.worker)).count == 2)
        }
        let log = try run.text("coordinator.log").split(separator: "\n").map {
            $0.split(separator: " ", maxSplits: 2).last ?? ""
        }
        let isOfStep = { (line: Substring) in line.hasPrefix("Epoch") && line.contains("Step") }
        #expect(log.filter { !isOfStep($0) }.map(String.init) == events.compactMap(\.text))
    }

    @Test("includes steps.csv with a line for each step, its positions and the weights' hash")
    func steps() async throws {
        let run = RunFolder()
        let recipe = Recipe.small.with("--batch-size", "250", "--workers", "3")
        _ = try await recipe.train(try SampleData(), into: run)
        let steps = try run.steps.map { $0.split(separator: ",").map(String.init) }
        #expect(
            steps.map { $0.dropLast().joined(separator: " ") } == [
                "1 1 0 250", "2 1 250 500", "3 1 500 600", "4 2 0 250", "5 2 250 500",
                "6 2 500 600",
            ])
        #expect(steps.allSatisfy { $0.last?.wholeMatch(of: /[0-9a-f]{64}/) != nil })
        #expect(Set(steps.compactMap(\.last)).count == 6)
    }

    @Test("includes summary.json, which matches the printed summary")
    func summary() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let recipe = Recipe.small.with(
            "--epochs", "20", "--learning-rate", "0.01", "--workers", "2")
        let ending = try await tern(recipe.arguments(data, into: run))
        let summary = try run.completed(ending)
        #expect(summary.dataset == "custom")
        #expect(
            [summary.workers, summary.epochs, summary.steps, summary.examples] == [
                2, 20, 120, 12_000,
            ])
        #expect(summary.wallSeconds > 0)
        let rate = Double(summary.examples) / summary.wallSeconds
        #expect(abs(summary.examplesPerSecond - rate) < 0.001 * rate)
        #expect(try #require(summary.testAccuracy) > 0.9, "the sample data can be learnt")
        #expect(try #require(summary.testLoss) > 0)
        #expect(try #require(summary.trainLoss) > 0)
        for part in [
            "training is finished", "data set       custom", "20 (120 steps, 12,000 examples)",
            "2 workers", "test accuracy  ", "sha256 \(summary.weights)",
            run.path("model.safetensors"),
        ] { #expect(ending.output.contains(part), "\(part) in \(ending.output)") }
    }

    @Test("includes model.safetensors with PyTorch's names, in the order of the checksum")
    func model() async throws {
        let run = RunFolder()
        let summary = try await Recipe.small.with("--layers", "2").train(
            try SampleData(), into: run)
        let file = try TensorFile(readFile(run.path("model.safetensors")))
        let expected: [(String, [Int])] = [
            ("rnn.weight_ih_l0", [16, 12]), ("rnn.weight_hh_l0", [16, 16]),
            ("rnn.bias_ih_l0", [16]), ("rnn.bias_hh_l0", [16]),
            ("rnn.weight_ih_l1", [16, 16]), ("rnn.weight_hh_l1", [16, 16]),
            ("rnn.bias_ih_l1", [16]), ("rnn.bias_hh_l1", [16]),
            ("fc.weight", [10, 16]), ("fc.bias", [10]),
        ]
        #expect(file.tensors.map(\.name) == expected.map(\.0))
        #expect(file.tensors.map(\.shape) == expected.map(\.1))
        #expect(SHA256.hex(of: file.tensors.flatMap(\.bytes)) == summary.weights)
        #expect(file.metadata["format"] == "pt")
    }

    @Test("includes coordinator.log with joins, assignments, steps, tests and the end")
    func log() async throws {
        let run = RunFolder()
        let recipe = Recipe.small.with("--workers", "2", "--log-every", "3", "--log-level", "debug")
        let ending = try await tern(recipe.arguments(try SampleData(), into: run))
        _ = try run.completed(ending)
        let lines = try run.text("coordinator.log").split(separator: "\n")
        for pattern in [
            "info worker .*:[0-9]+ joined with 1 lane, (avx2|avx512|neon); 2 here",
            "info worker .*:[0-9]+ holds shards 0 2 4 6 8 10 12 14",
            "info worker .*:[0-9]+ holds shards 1 3 5 7 9 11 13 15",
            "info training with 2 workers",
            #"info Epoch \[1/2\], Step \[3/6\], Loss: [0-9.]+, Accuracy: [0-9.]+%"#,
            #"info Epoch \[2/2\] done: train loss .*; test loss .*, accuracy .*%; .* examples/s"#,
            "debug checkpoint of step 12 written to .*/checkpoints/step-000000012.safetensors",
            "info training is finished",
        ] {
            let line = try Regex(#"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z \#(pattern)"#)
            #expect(lines.contains { $0.wholeMatch(of: line) != nil }, "\(pattern) in \(lines)")
        }
        // Output to a pipe or a file has no control characters.
        #expect(!ending.output.contains { $0 == "\u{1B}" || $0 == "\r" })
    }

    @Test("has only log lines of the chosen level and above")
    func level() async throws {
        let run = RunFolder()
        // On a busy machine one of two workers may be late, which is logged at this level.
        let recipe = Recipe.small.with("--log-level", "warning", "--workers", "1")
        let ending = try await tern(recipe.arguments(try SampleData(), into: run))
        _ = try run.completed(ending)
        #expect(ending.output.hasPrefix("  data set       custom\n"))
        #expect(try run.text("coordinator.log") == "")
    }

    @Test("has a progress bar with rate and remaining time on a terminal, until the end")
    func progressBar() async throws {
        let terminal = try Terminal()
        let recipe = Recipe.long.with("--log-level", "warning")
        let train = try start(
            recipe.arguments(try SampleData.large(), into: RunFolder()), terminal: terminal)
        try await terminal.shows("examples/s")
        try await terminal.shows("test accuracy")
        #expect(try await train.end().status == 0)
        let bar = try Regex(#"\[#+\.+\] \d+%  epoch [1-4]/4  [\d,]+ examples/s  \d+:\d\d left"#)
        #expect(terminal.text.contains(bar))
        let rest = terminal.text.components(separatedBy: "\r\u{1B}[K").last
        #expect(rest?.hasPrefix("  data set       custom") == true)
    }

    @Test("goes to runs/TIME-CELL by default")
    func folder() async throws {
        let ending = try await tern(["train", "--data", try SampleData().folder, "--epochs", "1"])
        #expect(ending.status == 0)
        let names = try FileManager.default.contentsOfDirectory(atPath: bench.path("runs"))
        #expect(names.count == 1)
        #expect(try #require(names.first).wholeMatch(of: /\d{8}-\d{6}-rnn/) != nil)
    }

    @Test("is complete in the files even if nobody reads what is printed")
    func closedOutput() async throws {
        let run = RunFolder()
        let arguments = Recipe.small.with("--log-every", "1").arguments(try SampleData(), into: run)
        let script = "{ \"$@\"; echo $? >status; } | true; cat status"
        let process = try bench.start(["sh", "-c", script, "sh", ternPath] + arguments)
        #expect(try await process.end().output == "0\n")
        #expect(try run.summary.status == "completed")
    }
}
