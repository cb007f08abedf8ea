import Files
import Hashing
import Kernels
import ModelFiles
import NeuralNetwork
import Settings
import TestSupport
import Testing

@Suite("A model file")
struct ModelFileTests {
    @Test("reads back unchanged, to the last bit", arguments: [TrainingConfiguration(), nil])
    func roundTrip(configuration: TrainingConfiguration?) throws {
        let model = sample(configuration)
        let read = try ModelFile(parsing: model.encoded(), path: "x")
        #expect(read.architecture == model.architecture)
        #expect(read.dataset == "fashion-mnist")
        #expect(read.configuration == configuration)
        #expect(read.parameters.values.bits == model.parameters.values.bits)
        #expect(read.parameters.sha256 == model.parameters.sha256)
    }

    @Test("has the tensors of PyTorch's state_dict, and metadata for their use")
    func stateDict() throws {
        let model = sample()
        let file = try Safetensors(parsing: model.encoded(), path: "x")
        let layout = ParameterLayout(smallArchitecture)
        #expect(file.tensors.map(\.name) == layout.tensors.map(\.name))
        #expect(file.tensors.map(\.shape) == layout.tensors.map(\.shape))
        #expect(file.tensors.allSatisfy { $0.type == "F32" })
        #expect(file.metadata["format"] == "pt")
        #expect(file.metadata["nonlinearity"] == "tanh")
    }

    @Test("is rejected after a bit flips, unless the model is unchanged")
    func flippedBits() {
        let model = sample()
        var unnoticed = 0
        forEachFlippedBit(of: model.encoded(), every: 7) { damaged, bit in
            guard let read = try? ModelFile(parsing: damaged, path: "x") else { return }
            unnoticed += 1
            #expect(read.architecture == model.architecture, "bit \(bit)")
            #expect(read.dataset == model.dataset, "bit \(bit)")
            #expect(read.parameters.values.bits == model.parameters.values.bits, "bit \(bit)")
        }
        // Only flips in the six letters of the digest's key pass.
        #expect(unnoticed <= 7)
    }

    @Test("can be a checkpoint, with its step")
    func checkpoint() throws {
        let checkpoint = sampleCheckpoint(step: 7)
        let model = try ModelFile(parsing: checkpoint.encoded(), path: "x")
        #expect(model.architecture == checkpoint.architecture)
        #expect(model.configuration == checkpoint.configuration)
        #expect(model.parameters.values.bits == checkpoint.parameters.values.bits)
        #expect(model.step == 7 && model.dataset == "custom" && !model.isInferred)
        let program = PyTorchModule(
            model.architecture, weights: "/a/w", program: "/b/p.py",
            namesInFile: model.namesInFile
        ).source
        // The optimizer's state is not part of the module.
        #expect(program.contains("NAMES = {\n    \"rnn.weight_ih_l0\": \"rnn.weight_ih_l0\",\n"))
        #expect(!program.contains("moment"))
        #expect(program.contains("load_file(WEIGHTS).get, NAMES.values()"))
    }

    @Test(
        "with weights that are not finite is rejected, and the error counts them",
        arguments: [Float.nan, .signalingNaN, .infinity, -.infinity])
    func notFinite(value: Float) {
        var model = sample()
        var values = model.parameters.values
        let (first, last) = (values.count / 2, values.count - 1)
        (values[first], values[last]) = (value, value)
        model.parameters = Snapshot(values)
        let error = #expect(throws: SafetensorsError.self) {
            try ModelFile(parsing: model.encoded(), path: "x")
        }
        let tensor = ParameterLayout(model.architecture).tensors.last { $0.offset <= first }
        #expect(
            error?.reason == "2 of its \(values.count) weights are NaN or infinite, the first in "
                + (tensor?.name ?? ""))
    }

    @Test("with an impossibly large architecture is rejected before allocation")
    func hugeArchitecture() {
        let huge = Architecture(
            imageRows: 16_384, imageColumns: 16_384, hiddenSize: 8_192, layers: 64, classes: 256)
        let file = Safetensors(metadata: ["architecture": jsonText(huge)])
        #expect(throws: SafetensorsError.self) {
            try ModelFile(parsing: file.encoded(), path: "x")
        }
    }

    @Test("has the digest of its little-endian weights, in order")
    func digest() {
        let bytes: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0x80]
        #expect(FloatBuffer([1, -0.0]).sha256 == SHA256.hex(of: bytes))
        #expect(FloatBuffer([-0.0, 1]).sha256 != SHA256.hex(of: bytes))
    }

    private func sample(_ configuration: TrainingConfiguration? = nil) -> ModelFile {
        ModelFile(
            architecture: smallArchitecture, dataset: "fashion-mnist",
            configuration: configuration, parameters: sampleCheckpoint().parameters)
    }
}
