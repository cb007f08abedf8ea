import FoundationEssentials
import Testing

@Suite("With unusual data or terminals,", .bench)
struct OddDataTests {
    @Test("labels with gaps are counted")
    func labels() async throws {
        let (data, run) = (try SampleData(train: 64, test: 16), RunFolder())
        for (name, count) in [(SampleData.trainLabels, 64), (SampleData.testLabels, 16)] {
            try data.change(name) { bytes in
                bytes.replaceSubrange(8..., with: (0..<count).map { $0 % 2 == 0 ? 3 : 8 })
            }
        }
        let warning =
            "labels 3 to 8 make 9 classes: 7 classes (0 to 2, 4 to 7) have no training example and no "
            + "test example"
        let ending = try await tern(
            Recipe.small.with("--batch-size", "64").arguments(data, into: run))
        _ = try run.completed(ending)
        #expect(ending.output.contains("warning: \(warning)\n"))
        let info = try await tern(["dataset", "info", "--data", data.folder])
        #expect(info.output.contains("warning   \(warning)\n"))
        // The model of such data does not mention MNIST.
        let model = try await tern(["inspect", run.path])
        #expect(!model.output.lowercased().contains("mnist"))
        let program = bench.path("model.py")
        #expect(try await tern(["export", run.path, "--pytorch", program]).status == 0)
        #expect(!String(decoding: try readFile(program), as: UTF8.self).contains("MNIST"))
    }

    @Test("a set smaller than the default batch becomes one batch, as config.json shows")
    func small() async throws {
        let (data, run, again) = (
            try SampleData(train: 40, test: 16), RunFolder(), RunFolder("again")
        )
        let arguments = ["train", "--data", data.folder, "--hidden", "16", "--epochs", "2"]
        let ending = try await tern(arguments + ["--run-dir", run.path])
        let summary = try run.completed(ending)
        #expect(summary.steps == 2)
        #expect(
            ending.output.contains(
                "each step takes all 40 training examples: the default batch size is 128\n"))
        #expect(try run.text("config.json").contains("\"batch_size\" : 40,"))
        let repeated = try await tern(
            ["train", "--config", run.path("config.json"), "--run-dir", again.path])
        #expect(try again.completed(repeated).weights == summary.weights)
        #expect(!repeated.output.contains("the default batch size"))
        #expect(try await tern(["verify", run.path]).status == 0)
        // An explicit value is not changed.
        try await expectRefusal(
            arguments + ["--batch-size", "128"], status: 64,
            "--batch-size 128 is larger than the data set's 40 training examples")
    }

    @Test("an epoch shorter than --log-every has its last step logged")
    func shortEpochs() async throws {
        let run = RunFolder()
        let recipe = Recipe.small.with("--log-every", "100")
        let ending = try await tern(recipe.arguments(try SampleData(), into: run))
        _ = try run.completed(ending)
        #expect(try run.metrics.map(\.type) == ["step", "epoch", "step", "epoch"])
        #expect(try run.metrics.map(\.step) == [6, 6, 12, 12])
        #expect(ending.output.contains("Epoch [2/2], Step [6/6], Loss: "))
    }

    @Test(
        "a dumb terminal, or one without colours, gets no escape sequence",
        arguments: [["TERM": "dumb"], ["NO_COLOR": "1"]])
    func plainTerminal(environment: [String: String]) async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let file = data.path(SampleData.testImages)
        for arguments in [
            Recipe.small.arguments(data, into: run), ["verify", run.path],
            ["predict", run.path, file, "--index", "0"], ["train", "--help"], ["train", "--hiden"],
        ] {
            let terminal = try Terminal()
            let process = try start(arguments, environment: environment, terminal: terminal)
            let ending = try await process.end()
            #expect(!terminal.text.isEmpty || !ending.errors.isEmpty, "\(arguments)")
            #expect(!(terminal.text + ending.errors).contains("\u{1B}"), "\(arguments)")
        }
    }
}
