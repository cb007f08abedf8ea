import Testing

@Suite("A run that diverges stops", .bench)
struct DivergenceTests {
    private static let exploding = Recipe.small.with(
        "--optimizer", "sgd", "--learning-rate", "1e30", "--clip-norm", "0", "--nonlinearity",
        "relu", "--schedule", "constant")

    @Test("with its last good checkpoint and a command to resume from it")
    func diverges() async throws {
        let run = RunFolder()
        // The steps grow slowly, so several are made before one is too large.
        let recipe = Self.exploding.with(
            "--learning-rate", "100", "--checkpoint-every", "1", "--workers", "2")
        let ending = try await tern(recipe.arguments(try SampleData(), into: run))
        let summary = try run.summary
        #expect(summary.status == "diverged")
        // The weights after the last step give a loss that is not finite.
        let name = "00000000\(summary.steps - 1)".suffix(9)
        let checkpoint = run.path("checkpoints/step-\(name).safetensors")
        expectRefusal(
            ending, status: 1,
            [
                "the training diverged: after step \(summary.steps)",
                "the last good checkpoint is \(checkpoint);",
                "--config \(run.path)/config.json --initial-weights \(checkpoint) "
                    + "--learning-rate 0.003 --clip-norm 0.5",
            ])
        #expect(bench.running() == [])
        let file = try TensorFile(readFile(checkpoint))
        #expect(!file.tensors.isEmpty)
        #expect(file.tensors.allSatisfy { $0.values.allSatisfy(\.isFinite) })
    }

    @Test("if only the test loss is not finite, and again each time it is resumed")
    func testLoss() async throws {
        let (data, run) = (try SampleData(train: 64, test: 16), RunFolder())
        let recipe = Self.exploding.with("--batch-size", "64", "--workers", "1")
        let ending = try await tern(recipe.arguments(data, into: run))
        let words = [
            "the training diverged: after step 1", "no checkpoint was due before that",
            "--learning-rate 0.003",
        ]
        expectRefusal(ending, status: 1, words)
        #expect(run.checkpoints == ["step-000000001.safetensors"])
        #expect(try run.metrics.map(\.type) == ["step"])
        for more in [[], ["--restart", "3"]] {
            let again = try await tern(["train", "--resume", run.path] + more)
            expectRefusal(again, status: 1, words)
            #expect(try run.summary.status == "diverged")
        }
        let verified = try await tern(["verify", run.path])
        #expect(verified.status == 0, "\(verified)")
        #expect(verified.output.hasSuffix("; then the training diverged\n"))
        // The suggested command works.
        let command = try #require(ending.errors.components(separatedBy: "rate: tern ").last)
        let pasted = command.split { $0.isWhitespace }.map(String.init) + ["--run-dir", "milder"]
        let milder = try await tern(pasted)
        #expect(try RunFolder("milder").completed(milder).epochs == 2)
    }

    @Test("at the first step if the data are too large for float32")
    func hugeData() async throws {
        let data = try SampleData(train: 64, test: 16)
        try data.turnIntoFloats()
        let huge = withUnsafeBytes(of: Float(1e38).bitPattern.bigEndian, Array.init)
        for name in ["train-images-idx3-float", "t10k-images-idx3-float"] {
            try data.change(name) { bytes in
                for first in stride(from: 16, to: bytes.count, by: 4) {
                    bytes.replaceSubrange(first..<first + 4, with: huge)
                }
            }
        }
        let run = RunFolder()
        let recipe = Self.exploding.with("--learning-rate", "0.01", "--batch-size", "64")
        expectRefusal(
            try await tern(recipe.arguments(data, into: run)), status: 1,
            ["the training diverged at its first step", "the data's values", "scale them down"])
    }
}
