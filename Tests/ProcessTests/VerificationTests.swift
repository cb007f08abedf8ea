import FoundationEssentials
import Glibc
import Testing

@Suite("tern verify accepts a valid run", .bench)
struct VerificationTests {
    @Test(
        "with uneven or accumulated batches, one epoch, or any cell",
        arguments: [
            (Recipe.small, "2 epochs", "12 steps", "2 checkpoints"),
            (Recipe.small.with("--batch-size", "110"), "2 epochs", "12 steps", "2 checkpoints"),
            (
                Recipe.small.with("--batch-size", "70", "--accumulate", "3", "--workers", "3"),
                "2 epochs", "6 steps", "2 checkpoints"
            ),
            (
                Recipe.small.with("--epochs", "1", "--batch-size", "600"), "1 epoch", "1 step",
                "1 checkpoint"
            ),
            (
                Recipe.small.with(
                    "--cell", "lstm", "--layers", "2", "--dropout", "0.5", "--optimizer", "sgd",
                    "--momentum", "0.9", "--checkpoint-every", "1"),
                "2 epochs", "12 steps", "3 checkpoints"
            ),
        ])
    func shapes(recipe: Recipe, epochs: String, steps: String, checkpoints: String) async throws {
        let run = RunFolder()
        _ = try await recipe.train(try SampleData(), into: run)
        try await expectVerified(
            run,
            "every position of \(epochs) was used exactly once; \(steps) replayed, all weights as "
                + "recorded; \(checkpoints) and the model agree")
    }

    @Test("with initial weights from a file")
    func initialWeights() async throws {
        let (data, first, run) = (try SampleData(), RunFolder("first"), RunFolder())
        _ = try await Recipe.small.train(data, into: first)
        let weights = first.path("model.safetensors")
        _ = try await Recipe.small.with("--initial-weights", weights).train(data, into: run)
        try await expectVerified(run, "12 steps replayed, all weights as recorded")
    }

    @Test("with killed workers, whose record equals an undisturbed run's")
    func killedWorkers() async throws {
        let (data, calm, run) = (try SampleData.large(), RunFolder("calm"), RunFolder())
        _ = try await Recipe.long.train(data, into: calm)
        let train = try start(Recipe.long.with("--workers", "3").arguments(data, into: run))
        try await train.line("Epoch [2/4], Step [20/600]")
        for pid in bench.running("worker").prefix(2) { kill(pid, SIGKILL) }
        #expect(try await train.end().status == 0)
        try await expectVerified(run, "every position of 4 epochs", "2400 steps replayed")
        #expect(try run.text("steps.csv") == calm.text("steps.csv"))
    }

    @Test("after an interruption, and again after a resume")
    func interrupted() async throws {
        let (data, run) = (try SampleData.large(), RunFolder())
        let train = try start(Recipe.long.arguments(data, into: run))
        try await train.line("Epoch [2/4], Step [20/600]")
        train.signal(SIGTERM)
        #expect(try await train.end().status == 143)
        let steps = try run.summary.steps
        // On a busy machine the signal may arrive at the end of an epoch.
        let positions =
            steps % 600 == 0
            ? "every position of \(steps / 600) epochs"
            : "every position up to step \(steps), in epoch \(steps / 600 + 1) of 4,"
        try await expectVerified(
            run, "\(positions) was used exactly once; ",
            "\(steps) steps replayed, all weights as recorded; ", "checkpoints agree")
        _ = try await run.resume("--workers", "1")
        try await expectVerified(run, "every position of 4 epochs", "2400 steps replayed")
    }

    @Test("that was killed in the middle of a line")
    func killed() async throws {
        let (data, run) = (try SampleData.large(), RunFolder())
        let recipe = Recipe.long.with("--checkpoint-every", "50")
        let train = try start(recipe.arguments(data, into: run))
        try await eventually("a checkpoint") { !run.checkpoints.isEmpty }
        train.kill()
        try await bench.nothingRuns()
        try run.change("steps.csv") { $0 += Array("9999,9,".utf8) }
        try await expectVerified(run, "used exactly once", "replayed, all weights as recorded")
        _ = try await run.resume()
        try await expectVerified(run, "every position of 4 epochs", "2400 steps replayed")
    }

    @Test("that is still running, up to its last step")
    func goingOn() async throws {
        let (data, run) = (try SampleData.large(), RunFolder())
        let recipe = Recipe.long.with("--checkpoint-every", "50")
        let cluster = try await Cluster(recipe, data, into: run)
        let worker = try cluster.worker()
        try await cluster.coordinator.line("Epoch [2/4], Step [60/600]")
        // Now the run waits in the middle of a step, but has not ended.
        worker.signal(SIGSTOP)
        try await expectVerified(
            run, "in epoch 2 of 4, was used exactly once", "3 checkpoints agree")
        worker.signal(SIGCONT)
        _ = try run.completed(try await cluster.coordinator.end())
        try await expectVerified(run, "every position of 4 epochs", "2400 steps replayed")
    }

    @Test("without any step")
    func noStep() async throws {
        let run = RunFolder()
        let cluster = try await Cluster(.small, try SampleData(), into: run)
        try await expectVerified(
            run, "no step is recorded yet; no step to replay; no checkpoint was written yet")
        cluster.coordinator.signal(SIGTERM)
        #expect(try await cluster.coordinator.end().status == 143)
        try await expectVerified(
            run, "no step is recorded yet; no step to replay; 1 checkpoint agrees")
    }

    @Test("from a checkpoint on, and reports it as JSON")
    func fromCheckpoint() async throws {
        let run = RunFolder()
        _ = try await Recipe.small.with("--checkpoint-every", "2").train(
            try SampleData(), into: run)
        for (step, start) in [(7, 0), (8, 8), (9, 8), (99, 12)] {
            let ending = try await tern(
                ["verify", run.path, "--from", "\(step)", "--format", "json"])
            #expect(ending.status == 0 && ending.errors == "", "\(ending)")
            let result = try JSONDecoder().decode(Result.self, from: Data(ending.output.utf8))
            #expect(result.verified && result.model && result.findings.isEmpty)
            #expect(result.record == "sha256" && result.runDigest.utf8.count == 64)
            #expect(!result.signed)
            #expect([result.replayedFrom, result.replayedSteps] == [start, 12 - start])
            #expect([result.steps, result.totalSteps, result.checkpoints] == [12, 12, 3])
        }
        let ending = try await tern(["verify", run.path, "--from", "10"])
        #expect(ending.output.contains("; 2 steps replayed from step 10, all weights as recorded;"))
    }

    struct Result: Decodable {
        let run, record, runDigest: String
        let verified, model, signed: Bool
        let steps, totalSteps, stepsPerEpoch, replayedFrom, replayedSteps, checkpoints: Int
        let findings: [Finding]

        struct Finding: Decodable {
            let file: String
            let step: Int?
            let message: String
        }

        enum CodingKeys: String, CodingKey {
            case run, verified, model, steps, checkpoints, findings, record, signed
            case runDigest = "run_digest"
            case totalSteps = "total_steps"
            case stepsPerEpoch = "steps_per_epoch"
            case replayedFrom = "replayed_from"
            case replayedSteps = "replayed_steps"
        }
    }

    @Test("with a progress bar on a terminal, until Ctrl-C")
    func terminal() async throws {
        let run = RunFolder()
        let data = try SampleData.large()
        _ = try await Recipe.long.with("--epochs", "8").train(data, into: run)
        let terminal = try Terminal()
        let verify = try start(["verify", run.path], terminal: terminal)
        try await terminal.shows("examples/s")
        terminal.pressControlC()
        #expect(try await verify.end().status == 130)
        // A cleared line leaves no text.
        #expect(terminal.text.hasSuffix("\r\u{1B}[K"))
    }

    @Test("and rejects what it cannot verify with a separate error")
    func refusals() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        _ = try await Recipe.small.train(data, into: run)
        let none = bench.path("none")
        try await expectRefusal(["verify", none], status: 66, "\(none) holds no run")
        try await expectRefusal(["verify", run.path("steps.csv")], status: 66, "holds no run")
        try await expectRefusal(
            ["verify", run.path, "--data", none], status: 66, none)
        let other = try SampleData("other")
        try other.change(SampleData.trainImages) { $0[500] ^= 1 }
        try await expectRefusal(
            ["verify", run.path, "--data", other.folder], status: 65,
            "\(run.path)/config.json was made with another data set", "--data")
        let negative = try await tern(["verify", run.path, "--from", "-1"])
        #expect(negative.status == 64)
        try run.change("steps.csv") { $0[0] = UInt8(ascii: "S") }
        try await expectRefusal(
            ["verify", run.path], status: 65, "\(run.path)/steps.csv is not a record of steps")
        #expect(unlink(run.path("steps.csv")) == 0)
        try await expectRefusal(
            ["verify", run.path], status: 66, "\(run.path)/steps.csv does not exist",
            "older versions of Tern kept no record")
    }

    /// Expects that a run verifies, and that the final sentence contains all of `parts`.
    private func expectVerified(
        _ run: RunFolder, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let ending = try await tern(["verify", run.path])
        #expect(ending.status == 0, "\(ending)", sourceLocation: sourceLocation)
        #expect(ending.errors == "", sourceLocation: sourceLocation)
        let lines = ending.output.split(separator: "\n")
        let isComplete = lines.first?.contains("the model agree") == true
        #expect(lines.count == (isComplete ? 2 : 1), "\(ending)", sourceLocation: sourceLocation)
        let digest = lines.last?.wholeMatch(of: /run digest  sha256 [0-9a-f]{64}/)
        #expect((digest != nil) == isComplete, "\(ending)", sourceLocation: sourceLocation)
        for part in parts {
            #expect(ending.output.contains(part), "\(ending)", sourceLocation: sourceLocation)
        }
    }
}
