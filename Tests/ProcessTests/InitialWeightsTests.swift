import Hashing
import Testing

@Suite("A run with initial weights from a file", .bench)
struct InitialWeightsTests {
    @Test("ends with the same bits for any writer of the file and any number of workers")
    func exactness() async throws {
        let (data, first) = (try SampleData(), RunFolder("first"))
        let recipe = Recipe.small.with("--cell", "gru", "--bidirectional", "")
        let origin = try await recipe.train(data, into: first)
        let model = first.path("model.safetensors")
        let foreign = try StateDict(ofModel: model).write()
        var weights: Set<String> = []
        for (file, workers) in [(model, 1), (foreign, 1), (foreign, 3)] {
            let run = RunFolder("run-\(weights.count)-\(workers)-\(file == model)")
            let recipe = recipe.with("--initial-weights", file, "--workers", "\(workers)")
            let summary = try await recipe.train(data, into: run)
            weights.insert(summary.weights)
            // It continues to learn where the first run ended.
            let before = try #require(try first.metrics.last?.trainLoss)
            let after = try #require(try run.metrics.compactMap(\.trainLoss).first)
            #expect(after < before)
        }
        #expect(weights.count == 1)
        #expect(weights != [origin.weights])
    }

    @Test("can be repeated from config.json, which holds the file's digest")
    func configuration() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let file = try await weights(.small, data)
        let summary = try await Recipe.small.with("--initial-weights", file).train(data, into: run)
        let again = RunFolder("again")
        let ending = try await tern(
            ["train", "--config", run.path("config.json"), "--run-dir", again.path])
        #expect(try again.completed(ending).weights == summary.weights)
        #expect(try again.text("config.json") == run.text("config.json"))
        let digest = try SHA256.hex(of: readFile(file))
        #expect(try run.text("config.json").contains(digest))
    }

    @Test("ends with the same bits after a stop and a resume, with or without the file")
    func stopped() async throws {
        let data = try SampleData.large()
        let file = try await weights(.long, data)
        let recipe = Recipe.long.with("--initial-weights", file)
        let undisturbed = try await recipe.train(data, into: RunFolder("calm"))
        let run = RunFolder()
        let train = try start(recipe.arguments(data, into: run))
        try await train.line("Epoch [2/4], Step [20/600]")
        train.signal(15)
        #expect(try await train.end().status == 143)
        // A checkpoint holds everything that the run needs.
        _ = try writeFile("weights.safetensors", [])
        #expect(try await run.resume("--workers", "3").weights == undisturbed.weights)
    }

    @Test("needs the unchanged file after it is killed before its first checkpoint")
    func changed() async throws {
        let data = try SampleData.large()
        let file = try await weights(.long, data)
        let recipe = Recipe.long.with("--initial-weights", file)
        let undisturbed = try await recipe.train(data, into: RunFolder("calm"))
        let run = RunFolder()
        let train = try start(recipe.arguments(data, into: run))
        try await train.line("Epoch [1/4], Step [20/600]")
        train.kill()
        try await bench.nothingRuns()
        #expect(run.checkpoints == [])

        let original = try readFile(file)
        var bytes = original
        bytes[bytes.count - 1] ^= 1
        _ = try writeFile("weights.safetensors", bytes)
        try await expectRefusal(
            ["train", "--resume", run.path], status: 65,
            "\(file) does not fit: it has changed since this run started",
            "restore the original file")
        _ = try writeFile("weights.safetensors", original)
        #expect(try await run.resume().weights == undisturbed.weights)
    }

    @Test("cannot be resumed with other weights")
    func otherWeights() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let file = try await weights(.small, data)
        _ = try await Recipe.small.with("--initial-weights", file).train(data, into: run)
        var other = try StateDict(ofModel: run.path("model.safetensors"))
        other.change("fc.bias") { $0.bytes[0] ^= 1 }
        try await expectRefusal(
            ["train", "--resume", run.path, "--initial-weights", other.write("other")], status: 78,
            "--initial-weights is ", "leave the option out", "a new --run-dir")
    }

    @Test(
        "is rejected with options that contradict the weights, and the error names both",
        arguments: [
            (["--hidden", "24"], "its hidden size is 16, but the run's is 24"),
            (["--layers", "2"], "its number of layers is 1, but the run's is 2"),
            (["--bidirectional"], "its number of directions is 1, but the run's is 2"),
            (["--cell", "lstm"], "its cell is rnn, but the run's is lstm"),
        ])
    func otherNetwork(options: [String], part: String) async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let file = try await weights(.small, data)
        let recipe = Recipe.small.with("--initial-weights", file)
        try await expectRefusal(
            recipe.arguments(data, into: run) + options, status: 65, "\(file) does not fit", part,
            "train with the options that fit")
    }

    @Test("is rejected if the file cannot be read")
    func noFile() async throws {
        let (data, none) = (try SampleData(), bench.path("none"))
        try await expectRefusal(
            Recipe.small.with("--initial-weights", none).arguments(data, into: RunFolder()),
            status: 74, "cannot read \(none)", "check the path")
    }

    /// The path of a `state_dict` from a short run of a recipe.
    private func weights(_ recipe: Recipe, _ data: SampleData) async throws -> String {
        let run = RunFolder("origin")
        _ = try await recipe.with("--epochs", "1", "--batch-size", "100", "--seed", "9")
            .train(data, into: run)
        return try StateDict(ofModel: run.path("model.safetensors")).write()
    }
}
