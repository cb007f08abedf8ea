import Glibc
import Testing

@Suite("A run that is stopped goes on as if it never was", .bench)
struct StoppingTests {
    @Test(
        "SIGTERM, Ctrl-C and SIGHUP in mid-epoch leave a run that ends, resumed, with the same bits",
        arguments: zip([SIGTERM, SIGINT, SIGHUP], [1, 3, 2]))
    func interrupted(signal: Int32, workers: Int) async throws {
        let data = try SampleData.large()
        let calm = RunFolder("calm")
        let recipe = Recipe.long.with("--workers", "2", "--epochs", "6")
        let undisturbed = try await recipe.train(data, into: calm)

        let run = RunFolder()
        let train = try start(recipe.arguments(data, into: run))
        try await train.line("Epoch [2/6], Step [20/600]")
        let stopped = try await run.interrupted(train, by: signal)
        #expect((601..<3600).contains(stopped.steps))
        #expect(run.checkpoints.last?.contains("\(stopped.steps)") == true)

        let resumed = try await run.resume("--workers", "\(workers)")
        #expect(resumed.weights == undisturbed.weights)
        #expect(resumed.steps == 3600)
        #expect(try run.metrics.map(\.withoutTime) == calm.metrics.map(\.withoutTime))
        #expect(try run.text("steps.csv") == calm.text("steps.csv"))
    }

    @Test("Ctrl-C at a terminal lets the workers finish the step")
    func terminal() async throws {
        let run = RunFolder()
        let terminal = try Terminal()
        let recipe = Recipe.long.with("--workers", "2")
        let train = try start(
            recipe.arguments(try SampleData.large(), into: run), terminal: terminal)
        try await terminal.shows("Epoch [2/4], Step [20/600]")
        terminal.pressControlC()
        try await terminal.shows("to go on: tern train --resume \(run.path)")
        #expect(try await train.end().status == 130)
        #expect(try run.summary.status == "interrupted")
        #expect(!terminal.text.contains("left:"))
    }

    @Test("a second Ctrl-C, a second later, does not wait for a step that never ends")
    func twice() async throws {
        let run = RunFolder()
        let recipe = Recipe.long.with("--workers", "1")
        let train = try start(recipe.arguments(try SampleData.large(), into: run))
        try await train.line("Epoch [2/4], Step [20/600]")
        let workers = bench.running("worker")
        for pid in workers { kill(pid, SIGSTOP) }
        train.signal(SIGINT)
        try await train.line("Ctrl-C: finishing the step")
        // Another signal is no second one, nor is the same before a second has passed.
        train.signal(SIGTERM)
        train.signal(SIGINT)
        try await Task.sleep(for: .milliseconds(1100))
        #expect(!train.hasEnded)
        train.signal(SIGINT)
        #expect(try await train.end().status == 130)
        // Stopped ones, too.
        try await bench.nothingRuns()
        #expect(try run.unfinished == [])
    }

    @Test("kill -9 costs no more than the steps since the last checkpoint", arguments: [0, 50])
    func killed(checkpointEvery: Int) async throws {
        let data = try SampleData.large()
        let calm = RunFolder("calm")
        let undisturbed = try await Recipe.long.train(data, into: calm)

        let run = RunFolder()
        let recipe = Recipe.long.with("--checkpoint-every", "\(checkpointEvery)")
        let train = try start(recipe.arguments(data, into: run))
        try await train.line("Epoch [1/4], Step [60/600]")
        if checkpointEvery > 0 {
            try await eventually("a checkpoint") { !run.checkpoints.isEmpty }
        }
        train.kill()
        try await bench.nothingRuns()
        // Death may come in the middle of a line.
        try run.change("metrics.jsonl") { $0 += Array(#"{"type":"step","ep"#.utf8) }
        try run.change("steps.csv") { $0 += Array("61,1,6".utf8) }
        try run.change("events.jsonl") { $0 += Array(#"{"event":"wor"#.utf8) }

        let resumed = try await run.resume()
        #expect(resumed.weights == undisturbed.weights)
        #expect(try run.metrics.map(\.withoutTime) == calm.metrics.map(\.withoutTime))
        #expect(try run.text("steps.csv") == calm.text("steps.csv"))
        // What happened stays, and each line is whole.
        let names = try run.events.map(\.event)
        #expect(names.count { $0 == "run_started" } == 2)
        #expect(names.count { $0 == "run_ended" } == 1)
        #expect(names.first == "run_started" && names.last == "run_ended")
    }

    @Test("a run is stopped and resumed again and again, and ends with the same bits")
    func manyStops() async throws {
        let data = try SampleData.large()
        let undisturbed = try await Recipe.long.train(data, into: RunFolder("calm"))
        let run = RunFolder()
        var train = try start(Recipe.long.arguments(data, into: run))
        for workers in 1...4 {
            try await train.line("Step [")
            train.signal(SIGTERM)
            #expect(try await train.end().status == 143)
            train = try start(["train", "--resume", run.path, "--workers", "\(workers)"])
        }
        #expect(try run.completed(try await train.end()).weights == undisturbed.weights)
    }

    @Test("the last three checkpoints are kept")
    func checkpoints() async throws {
        let run = RunFolder()
        // 6 steps an epoch.
        let recipe = Recipe.small.with("--epochs", "3", "--checkpoint-every", "5")
        _ = try await recipe.train(try SampleData(), into: run)
        #expect(
            run.checkpoints == [
                "step-000000012.safetensors", "step-000000015.safetensors",
                "step-000000018.safetensors",
            ])
    }

    @Test("a coordinator that is stopped sends its workers home, and tells how to go on")
    func cluster() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let cluster = try await Cluster(.long.with("--min-workers", "2"), data, into: run)
        let workers = [try cluster.worker(), try cluster.worker()]
        try await cluster.coordinator.line("Step [20/600]")
        cluster.coordinator.signal(SIGINT)
        let ending = try await cluster.coordinator.end()
        #expect(ending.status == 130)
        #expect(ending.output.contains("to go on: tern coordinator --listen 'tcp://"))
        #expect(ending.output.contains("--resume \(run.path)"))
        for worker in workers { #expect(try await worker.end().status == 0) }
        let undisturbed = try await Recipe.long.train(data, into: RunFolder("calm"))
        #expect(try await run.resume().weights == undisturbed.weights)
    }

    @Test("a run stopped before any worker has come can be resumed")
    func beforeTheFirstStep() async throws {
        let data = try SampleData()
        let run = RunFolder()
        let cluster = try await Cluster(.small, data, into: run)
        cluster.coordinator.signal(SIGTERM)
        #expect(try await cluster.coordinator.end().status == 143)
        #expect(try run.summary.status == "interrupted")
        let resumed = try await run.resume()
        let undisturbed = try await Recipe.small.train(data, into: RunFolder("calm"))
        #expect(resumed.weights == undisturbed.weights)
    }

    @Test("a run that is complete stays as it is when it is resumed")
    func completed() async throws {
        let run = RunFolder()
        let first = try await Recipe.small.train(try SampleData(), into: run)
        let metrics = try run.metrics.map(\.withoutTime)
        let again = try await run.resume()
        #expect(again.weights == first.weights)
        #expect(again.steps == first.steps)
        #expect(again.testLoss == first.testLoss)
        #expect(try run.metrics.map(\.withoutTime) == metrics)
    }

    @Test("a run that is going on cannot be resumed beside itself")
    func inUse() async throws {
        let run = RunFolder()
        _ = try await Cluster(.small, try SampleData(), into: run)
        try await expectRefusal(
            ["train", "--resume", run.path], status: 73,
            run.path, "another coordinator", "stop it")
    }
}
