import Glibc
import Testing

@Suite("A stopped run can be resumed", .bench)
struct StoppingTests {
    @Test(
        "to the same bits after SIGTERM, Ctrl-C or SIGHUP within an epoch",
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

    @Test("after Ctrl-C at a terminal, which lets the workers finish the step")
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

    @Test("after a second Ctrl-C a second later, which does not wait for the step")
    func twice() async throws {
        let run = RunFolder()
        let recipe = Recipe.long.with("--workers", "1")
        let train = try start(recipe.arguments(try SampleData.large(), into: run))
        try await train.line("Epoch [2/4], Step [20/600]")
        let workers = bench.running("worker")
        for pid in workers { kill(pid, SIGSTOP) }
        train.signal(SIGINT)
        try await train.line("Ctrl-C: finishing the step")
        // Neither another signal nor the same one within a second counts as a second one.
        train.signal(SIGTERM)
        train.signal(SIGINT)
        try await Task.sleep(for: .milliseconds(1100))
        #expect(!train.hasEnded)
        train.signal(SIGINT)
        #expect(try await train.end().status == 130)
        // Stopped processes end too.
        try await bench.nothingRuns()
        #expect(try run.unfinished == [])
    }

    @Test("after kill -9, and repeats only steps since the last checkpoint", arguments: [0, 50])
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
        // The kill may hit in the middle of a line.
        try run.change("metrics.jsonl") { $0 += Array(#"{"type":"step","ep"#.utf8) }
        try run.change("steps.csv") { $0 += Array("61,1,6".utf8) }
        try run.change("events.jsonl") { $0 += Array(#"{"event":"wor"#.utf8) }

        let resumed = try await run.resume()
        #expect(resumed.weights == undisturbed.weights)
        #expect(try run.metrics.map(\.withoutTime) == calm.metrics.map(\.withoutTime))
        #expect(try run.text("steps.csv") == calm.text("steps.csv"))
        // Past events stay, and each line is complete.
        let names = try run.events.map(\.event)
        #expect(names.count { $0 == "run_started" } == 2)
        #expect(names.count { $0 == "run_ended" } == 1)
        #expect(names.first == "run_started" && names.last == "run_ended")
    }

    @Test("again and again, to the same bits")
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

    @Test("from one of the last three checkpoints")
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

    @Test("after its coordinator stopped its workers and reported how to resume")
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

    @Test("if it was stopped before any worker joined")
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

    @Test("but does not change if it is complete")
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

    @Test("but not while it is still running")
    func inUse() async throws {
        let run = RunFolder()
        _ = try await Cluster(.small, try SampleData(), into: run)
        try await expectRefusal(
            ["train", "--resume", run.path], status: 73,
            run.path, "another coordinator", "stop it")
    }
}
