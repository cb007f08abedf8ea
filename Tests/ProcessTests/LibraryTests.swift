import Testing

@Suite("The program in docs/library.md", .bench)
struct LibraryTests {
    private func text(of path: String) throws -> String {
        String(decoding: try readFile(packagePath(path)), as: UTF8.self)
    }

    @Test("is exactly the example in the package")
    func sameText() throws {
        let page = try text(of: "docs/library.md")
        let example = try text(of: "Examples/TrainAndPredict/main.swift")
        #expect(page.contains("```swift\n\(example)```\n"))
    }

    @Test("trains, predicts, and ends with the bits of tern train")
    func runs() async throws {
        let data = try SampleData()
        let process = try bench.start(
            ["\(buildFolder)/TrainAndPredict"], environment: ["TERN_MNIST_DIR": data.folder])
        let ending = try await process.end()
        #expect(ending.status == 0)
        #expect(ending.errors == "")
        #expect(ending.output.contains("epoch 1: test accuracy 0."))
        #expect(ending.output.contains("with probability 0."))

        let run = RunFolder()
        let summary = try await Recipe().with("--cell", "gru", "--epochs", "1")
            .train(data, into: run)
        #expect(ending.output.contains("weights \(summary.weights)\n"))
        let model = try readFile(bench.path("model.safetensors"))
        #expect(model == (try readFile(run.path("model.safetensors"))))
    }
}
