import Testing

@Suite("A run whose numbers are no longer finite stops", .bench)
struct DivergenceTests {
    private static let exploding = Recipe.small.with(
        "--optimizer", "sgd", "--learning-rate", "1e30", "--clip-norm", "0", "--nonlinearity",
        "relu", "--schedule", "constant")

    @Test("with one line, and its last good checkpoint can be loaded and is finite")
    func diverges() async throws {
        let run = RunFolder()
        let recipe = Self.exploding.with("--checkpoint-every", "1", "--workers", "2")
        let ending = try await tern(recipe.arguments(try SampleData(), into: run))
        let checkpoint = try #require(run.checkpoints.last.map { run.path("checkpoints/\($0)") })
        expectRefusal(
            ending, status: 1,
            [
                "no longer a finite number at step", "lower --learning-rate",
                "the last good checkpoint is \(checkpoint)",
            ])
        #expect(bench.running() == [])
        #expect(try run.summary.status == "diverged")
        let file = try TensorFile(readFile(checkpoint))
        #expect(!file.tensors.isEmpty)
        #expect(file.tensors.allSatisfy { $0.values.allSatisfy(\.isFinite) })

        let resumed = try await tern(["train", "--resume", run.path])
        #expect(resumed.status == 1)
        #expect(resumed.output.contains("resuming from \(checkpoint)"))
    }

    @Test("and says so where no checkpoint was due yet")
    func noCheckpoint() async throws {
        let run = RunFolder()
        let ending = try await tern(Self.exploding.arguments(try SampleData(), into: run))
        expectRefusal(ending, status: 1, ["no checkpoint was due before it"])
        #expect(run.checkpoints == [])
    }
}
