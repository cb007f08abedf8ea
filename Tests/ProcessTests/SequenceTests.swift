import FoundationEssentials
import Testing

@Suite("Users' own sequences", .bench)
struct SequenceTests {
    static let recipes = [
        Recipe.small, .small.with("--sequence", "columns"),
        .small.with("--sequence", "permuted", "--hidden", "8"),
        .small.with("--cell", "gru", "--convolution", "4"),
    ]

    @Test(
        "of float32 train to the same bits as the bytes that they were made from",
        arguments: recipes)
    func floats(recipe: Recipe) async throws {
        let (bytes, floats) = (try SampleData(), try SampleData("floats"))
        try floats.turnIntoFloats()
        let expected = try await recipe.with("--workers", "1").train(bytes, into: RunFolder("1"))
        let run = RunFolder("2")
        let summary = try await recipe.with("--workers", "3").train(floats, into: run)
        #expect(summary.weights == expected.weights)
        #expect(summary.testLoss == expected.testLoss)
        #expect(try run.text("coordinator.log").contains("600 training and 200 test sequences"))

        let evaluation = try await tern(["evaluate", run.path, "--data", floats.folder])
        #expect(evaluation.status == 0)
        #expect(evaluation.output.contains("200 test sequences"))
        try await expectRefusal(
            ["evaluate", run.path, "--data", bytes.folder], status: 65,
            "sequences of 12x12 float32", "holds 12x12 in", "--data")
    }

    @Test("with one value a time step are described, trained on and predicted")
    func series() async throws {
        let data = try SampleData()
        for name in [SampleData.trainImages, SampleData.testImages] {
            // 12 x 12 pixels become 144 time steps.
            try data.change(name) { bytes in
                bytes.replaceSubrange(3..<16, with: [2] + bytes[4..<8] + [0, 0, 0, 144])
            }
        }
        let info = try await tern(["dataset", "info", "--data", data.folder])
        #expect(info.output.contains("train     600 images of 144x1"))
        let run = RunFolder()
        _ = try await Recipe.small.train(data, into: run)
        let images = data.path(SampleData.testImages)
        let prediction = try await tern(["predict", run.path, images, "--index", "0-2"])
        #expect(prediction.status == 0)
        #expect(prediction.output.split(separator: "\n").count == 3)
    }

    @Test("of floats are predicted and drawn, and a network for floats rejects a picture")
    func prediction() async throws {
        let data = try SampleData()
        try data.turnIntoFloats()
        let run = RunFolder()
        _ = try await Recipe.small.train(data, into: run)
        let examples = data.path("t10k-images-idx3-float")
        let prediction = try await tern(["predict", run.path, examples, "--index", "7"])
        #expect(prediction.status == 0)
        #expect(prediction.output.contains("values from 0.0"))
        try await expectRefusal(
            ["predict", run.path, bench.path("digit.png")], status: 65,
            "12x12 float32 sequences", "a PNG file cannot hold", "--index")
    }

    @Test("are rejected if they have too many time steps")
    func tooLong() async throws {
        let data = try SampleData(train: 20, test: 20, side: 160)
        let arguments = Recipe.small.with("--sequence", "pixels", "--batch-size", "20")
            .arguments(data, into: RunFolder())
        try await expectRefusal(
            arguments, status: 64, "--sequence pixels", "160x160", "16384 time steps")
    }
}
