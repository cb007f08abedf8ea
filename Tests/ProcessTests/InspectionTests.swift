import FoundationEssentials
import Testing

@Suite("tern inspect", .bench)
struct InspectionTests {
    @Test("lists a model's layers, tensors, parameter counts and settings, from folder and file")
    func model() async throws {
        let run = RunFolder()
        let recipe = Recipe.small.with(
            "--cell", "lstm", "--layers", "2", "--bidirectional", "", "--dropout", "0.25",
            "--readout", "mean", "--seed", "7")
        let summary = try await recipe.train(try SampleData(), into: run)
        for path in [run.path, run.path("model.safetensors")] {
            let lines = try await inspect(path)
            for line in [
                "model \(run.path("model.safetensors"))", "data set custom",
                "input 12x12 images by rows: 12 time steps of 12",
                // 4 gates of 16 units, each with its inputs, its outputs and two biases, twice.
                "layer 0 lstm, both directions, 12 to 32: 3,840 parameters",
                "layer 1 lstm, both directions, 32 to 32: 6,400 parameters",
                "dropout 0.25 between layers in training",
                "readout outputs as the mean of all, 32 to 10 classes: 330 parameters",
                "weights sha256 \(summary.weights)", "total 10,570", "cell lstm", "hidden 16",
                "bidirectional true", "epochs 2", "batch-size 100", "seed 7", "readout mean",
            ] {
                #expect(lines.contains(line), "\(line) in \(lines)")
            }
            // The printed tensors match those in the file.
            for tensor in try TensorFile(readFile(run.path("model.safetensors"))).tensors {
                let shape = tensor.shape.map(String.init).joined(separator: " x ")
                let count = tensor.values.count
                let text = count < 1000 ? "\(count)" : "\(count / 1000),\("\(count)".suffix(3))"
                #expect(lines.contains("\(tensor.name) \(shape) \(text)"), "\(lines)")
            }
        }
    }

    @Test("shows convolutions, a plain cell's nonlinearity and the reading order")
    func otherForms() async throws {
        let (data, crnn, pixels) = (try SampleData(), RunFolder("crnn"), RunFolder("pixels"))
        _ = try await Recipe.small.with("--convolution", "4").train(data, into: crnn)
        let lines = try await inspect(crnn.path)
        #expect(lines.contains("input 12x12 images by rows: 6 time steps of 24"), "\(lines)")
        #expect(lines.contains("convolution 0 3x3, 1 to 4: 40 parameters"), "\(lines)")
        #expect(lines.contains("conv.0.weight 4 x 1 x 3 x 3 36"), "\(lines)")
        let recipe = Recipe.small.with(
            "--nonlinearity", "relu", "--sequence", "pixels", "--hidden", "4", "--epochs", "1")
        _ = try await recipe.train(data, into: pixels)
        let others = try await inspect(pixels.path)
        #expect(others.contains("input 12x12 images by pixels: 144 time steps of 1"), "\(others)")
        #expect(others.contains("layer 0 rnn (relu), 1 to 4: 28 parameters"), "\(others)")
    }

    @Test("rejects a file or folder without a model, and names it")
    func noModel() async throws {
        let (data, none) = (try SampleData(), bench.path("none"))
        try await expectRefusal(["inspect", none], status: 74, "cannot read \(none)")
        try await expectRefusal(
            ["inspect", data.folder], status: 66, "\(data.folder) holds no model.safetensors")
        try await expectRefusal(
            ["inspect", data.path(SampleData.testLabels)], status: 65,
            "is an IDX file, not a safetensors file")
    }

    /// The printed lines about a model, with single spaces between words.
    private func inspect(_ model: String) async throws -> [String] {
        let ending = try await tern(["inspect", model])
        #expect(ending.status == 0 && ending.errors == "", "\(ending)")
        return ending.output.split(separator: "\n").map {
            $0.split(separator: " ").joined(separator: " ")
        }
    }
}
