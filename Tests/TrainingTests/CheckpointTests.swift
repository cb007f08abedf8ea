import Kernels
import NeuralNetwork
import TestSupport
import Testing
import Training

@Suite("Checkpoints")
struct CheckpointTests {
    @Test("a checkpoint reads back to the last bit")
    func roundTrip() throws {
        let checkpoint = sampleCheckpoint()
        let read = try Checkpoint(parsing: checkpoint.encoded(), path: "x")
        #expect(read.configuration == checkpoint.configuration)
        #expect(read.architecture == checkpoint.architecture)
        #expect(read.dataDigest == "abc" && read.step == 1_234)
        #expect(read.epoch == checkpoint.epoch)
        #expect(read.epochTally == checkpoint.epochTally)
        #expect(read.seconds == checkpoint.seconds)
        #expect(read.parameters.values.bits == checkpoint.parameters.values.bits)
        #expect(read.firstMoments.values.bits == checkpoint.firstMoments.values.bits)
        #expect(read.secondMoments.values.bits == checkpoint.secondMoments.values.bits)
    }

    @Test("a checkpoint of an optimizer without moments has none")
    func noMoments() throws {
        var configuration = TrainingConfiguration()
        configuration.optimizer = .sgd
        let checkpoint = sampleCheckpoint(configuration)
        let bytes = checkpoint.encoded()
        let read = try Checkpoint(parsing: bytes, path: "x")
        #expect(read.configuration.optimizer == .sgd)
        #expect(read.parameters.values.bits == checkpoint.parameters.values.bits)
        #expect(read.firstMoments.count == 0 && read.secondMoments.count == 0)
        #expect(bytes.count < sampleCheckpoint().encoded().count / 2)
    }

    @Test("a flipped bit in any byte is found")
    func flippedBits() {
        var unnoticed: [Int] = []
        forEachFlippedBit(of: sampleCheckpoint().encoded(), every: 7) { damaged, bit in
            if (try? Checkpoint(parsing: damaged, path: "x")) != nil { unnoticed.append(bit) }
        }
        #expect(unnoticed.isEmpty)
    }

    @Test("a checkpoint cut at any length is refused")
    func truncation() {
        let bytes = sampleCheckpoint().encoded()
        for length in 0..<bytes.count {
            guard (try? Checkpoint(parsing: Array(bytes.prefix(length)), path: "x")) == nil else {
                Issue.record("\(length) bytes")
                return
            }
        }
    }

    @Test("a model is no checkpoint")
    func model() {
        let model = ModelFile(
            architecture: smallArchitecture, dataset: "mnist", configuration: nil,
            parameters: sampleCheckpoint().parameters)
        refuse(model.encoded(), because: "it holds no Tern checkpoint")
    }

    @Test("a missing tensor and one of another shape are named")
    func wrongTensors() throws {
        let whole = try Safetensors(parsing: sampleCheckpoint().encoded(), path: "x")
        let name = "second_moment.rnn.bias_hh_l1"
        refuse(try rebuilt(whole, without: name), because: "it has no tensor \(name)")
        refuse(
            try rebuilt(whole, without: name, adding: [3, 3]),
            because: "\(name) is F32 [3, 3], not F32 [9]")
    }

    @Test("an architecture of more weights than any machine holds is refused before they are made")
    func hugeArchitecture() {
        var checkpoint = sampleCheckpoint()
        checkpoint.architecture = Architecture(
            imageRows: 65_536, imageColumns: 65_536, hiddenSize: 8_192, layers: 64, classes: 256)
        var file = Safetensors(metadata: ["tern": record(of: checkpoint)])
        refuse(file.encoded(), because: "it has no tensor rnn.weight_ih_l0")
        let few: [UInt8] = [0, 0, 0, 0]
        file.append("rnn.weight_ih_l0", shape: [1], bytes: few.span.bytes)
        refuse(file.encoded(), because: "rnn.weight_ih_l0 is F32 [1], not F32 [8192, 65536]")
    }

    /// The metadata of a checkpoint, whose tensors need not fit.
    private func record(of checkpoint: Checkpoint) -> String {
        struct Record: Encodable {
            var format = "tern-checkpoint-1"
            let configuration: TrainingConfiguration
            let architecture: Architecture
            let dataDigest: String
            let step: Int
            let epoch: Int
            let epochTally: Tally
            let seconds: Double
        }
        return jsonText(
            Record(
                configuration: checkpoint.configuration, architecture: checkpoint.architecture,
                dataDigest: checkpoint.dataDigest, step: checkpoint.step, epoch: checkpoint.epoch,
                epochTally: checkpoint.epochTally, seconds: checkpoint.seconds))
    }

    /// A sealed file of the same tensors but one, which may come back in another shape.
    private func rebuilt(
        _ whole: Safetensors, without name: String, adding shape: [Int]? = nil
    ) throws -> [UInt8] {
        var file = Safetensors(metadata: whole.metadata)
        for tensor in whole.tensors where tensor.name != name || shape != nil {
            file.append(
                tensor.name, shape: tensor.name == name ? shape ?? [] : tensor.shape,
                bytes: whole.bytes(of: tensor).span.bytes)
        }
        return file.encoded()
    }

    private func refuse(_ bytes: [UInt8], because reason: String) {
        let error = #expect(throws: SafetensorsError.self) {
            try Checkpoint(parsing: bytes, path: "some/file")
        }
        #expect(error?.reason == reason)
    }
}
