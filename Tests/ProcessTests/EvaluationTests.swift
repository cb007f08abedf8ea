import FoundationEssentials
import Testing

@Suite("tern evaluate", .bench)
struct EvaluationTests {
    @Test("repeats the run's test result, digit for digit, of the file and of the folder")
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

    @Test("refuses a damaged model", arguments: BadFolderTests.Damage.all)
    func damaged(damage: BadFolderTests.Damage) async throws {
        let (data, run) = (try SampleData(), RunFolder())
        _ = try await Recipe.small.with("--hidden", "32").train(data, into: run)
        try run.change("model.safetensors", damage.damage)
        try await expectRefusal(
            ["evaluate", run.path, "--data", data.folder], status: 65,
            "\(run.path)/model.safetensors is damaged", "use another copy")
    }

    @Test("refuses what is no model, naming it")
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
            "when it is complete")
    }

    @Test("refuses data that the model is not for")
    func otherData() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        _ = try await Recipe.small.train(data, into: run)
        let other = try SampleData("other", side: 8)
        try await expectRefusal(
            ["evaluate", run.path, "--data", other.folder], status: 65,
            "is for images of 12x12", "holds 8x8", "give the model's data with --data")
    }
}
