import FoundationEssentials
import Testing

@Suite("tern evaluate", .bench)
struct EvaluationTests {
    @Test("repeats the run's test result, digit for digit, from the file and from the folder")
    func repeats() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let summary = try await Recipe.small.with("--epochs", "5").train(data, into: run)
        let loss = try #require(summary.testLoss)
        let accuracy = try #require(summary.testAccuracy)
        for model in [run.path, run.path("model.safetensors")] {
            for kernels in [commonKernels, ""] {
                let ending = try await tern(
                    ["evaluate", model, "--data", data.folder],
                    environment: ["TERN_KERNELS": kernels])
                #expect(ending.status == 0, "\(ending)")
                let lines = ending.output.split(separator: "\n").map { $0.split(separator: " ") }
                func value(_ words: String) -> Double? {
                    lines.first { $0.dropLast().joined(separator: " ") == words }?.last
                        .flatMap { Double($0.filter { $0 != "%" }) }
                }
                #expect(abs(try #require(value("test loss")) - loss) <= 0.5e-9)
                #expect(abs(try #require(value("test accuracy")) - 100 * accuracy) <= 0.005)
                #expect(ending.output.contains("custom, 200 test images"))
            }
        }
    }

    @Test("rejects a damaged model", arguments: BadFolderTests.Damage.all)
    func damaged(damage: BadFolderTests.Damage) async throws {
        let (data, run) = (try SampleData(), RunFolder())
        _ = try await Recipe.small.with("--hidden", "32").train(data, into: run)
        try run.change("model.safetensors", damage.damage)
        try await expectRefusal(
            ["evaluate", run.path, "--data", data.folder], status: 65,
            "\(run.path)/model.safetensors is damaged", "use another copy")
    }

    @Test("rejects a file or folder without a model, and names it")
    func noModel() async throws {
        let data = try SampleData()
        try await expectRefusal(
            ["evaluate", bench.path("none")], status: 74, "cannot read \(bench.path("none"))",
            "check the path")
        try await expectRefusal(
            ["evaluate", data.path(SampleData.trainLabels)], status: 65,
            "is an IDX file, not a safetensors file")
        try await expectRefusal(
            ["evaluate", data.folder], status: 66, "\(data.folder) holds no model.safetensors",
            "name a model, a checkpoint or the folder of a run")
    }

    @Test("uses the run's data even if other data are found")
    func ownData() async throws {
        let (data, run) = (try SampleData("own"), RunFolder())
        // A data set of the same form lies where MNIST is looked for.
        let other = try SampleData("mnist", train: 500)
        let elsewhere = ["TERN_MNIST_DIR": other.folder]
        _ = try await Recipe.small.train(data, into: run)
        let own = try await tern(["evaluate", run.path], environment: elsewhere)
        #expect(own.status == 0 && own.output.contains("data set       custom, 200 test images\n"))
        let told = try await tern(["evaluate", run.path, "--data", other.folder])
        #expect(told.status == 0)
        #expect(
            told.output.contains(
                "custom, 200 test images; not the data that the model was trained on\n"))

        // A model alone does not say where its data are.
        let model = try writeFile("lone", readFile(run.path("model.safetensors")))
        try await expectRefusal(
            ["evaluate", model], status: 66, "give the folder of the data with --data",
            environment: elsewhere)
        let lone = try await tern(["evaluate", model, "--data", data.folder])
        #expect(lone.output == own.output.replacing(run.path("model.safetensors"), with: model))
    }

    @Test("rejects the run's data if they changed, unless they are named")
    func changedData() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        _ = try await Recipe.small.train(data, into: run)
        try data.change(SampleData.testImages) { $0[$0.count - 1] ^= 1 }
        try await expectRefusal(
            ["evaluate", run.path], status: 65,
            "the data in \(data.folder) are not those that \(run.path)/model.safetensors was trained on"
        )
        #expect(try await tern(["evaluate", run.path, "--data", data.folder]).status == 0)
        for arguments in [["verify", run.path], ["verify", run.path, "--data", data.folder]] {
            try await expectRefusal(
                arguments, status: 65, "was made with another data set", "--data")
        }
        try await expectRefusal(
            ["train", "--resume", run.path], status: 65, "was made with another data set")
        // Files of an older Tern do not identify their data.
        for name in ["config.json", "model.safetensors"] {
            let text = String(decoding: try readFile(run.path(name)), as: UTF8.self)
            #expect(text.contains("data_digest"), "\(name)")
        }
    }

    @Test("reports if a model's training data are unknown")
    func unknown() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        _ = try await Recipe.small.train(data, into: run)
        let file = try StateDict(ofModel: run.path("model.safetensors")).write()
        let ending = try await tern(["evaluate", file, "--data", data.folder, "--rows", "12"])
        #expect(
            ending.output.contains("the model does not tell whether it was trained on these data"),
            "\(ending)")
    }

    @Test("rejects data that do not fit the model")
    func otherData() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        _ = try await Recipe.small.train(data, into: run)
        let other = try SampleData("other", side: 8)
        try await expectRefusal(
            ["evaluate", run.path, "--data", other.folder], status: 65,
            "is for images of 12x12", "holds 8x8", "give the model's data with --data")
    }
}
