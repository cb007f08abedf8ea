import Files
import Kernels
import ModelFiles
import NeuralNetwork
import Optimizers
import Reduction
import Settings
import TestSupport
import Testing

@Suite("A checkpoint")
struct CheckpointTests {
    /// Settings whose update rules need every possible set of state variables.
    private static let settings: [TrainingConfiguration] = [
        (OptimizerKind.adam, 0.0), (.adamw, 0), (.sgd, 0), (.sgd, 0.9), (.rmsprop, 0),
        (.rmsprop, 0.9),
    ].map { optimizer, momentum in
        var settings = TrainingConfiguration()
        settings.optimizer = optimizer
        settings.momentum = momentum
        settings.weightDecay = 0.01
        return settings
    }

    @Test("reads back unchanged, to the last bit", arguments: settings)
    func roundTrip(settings: TrainingConfiguration) throws {
        let checkpoint = sampleCheckpoint(settings)
        let read = try Checkpoint(parsing: checkpoint.encoded(), path: "x")
        #expect(read.configuration == checkpoint.configuration)
        #expect(read.architecture == checkpoint.architecture)
        #expect(read.dataDigest == "abc" && read.step == 1_234)
        #expect(read.epoch == checkpoint.epoch)
        #expect(read.epochTally == checkpoint.epochTally)
        #expect(read.seconds == checkpoint.seconds)
        #expect(read.parameters.values.bits == checkpoint.parameters.values.bits)
        let state = read.optimizerState.mapValues { $0.values.bits }
        #expect(state == checkpoint.optimizerState.mapValues { $0.values.bits })
    }

    @Test("names the optimizer's tensors by variable and parameter")
    func names() throws {
        for settings in Self.settings {
            let bytes = sampleCheckpoint(settings).encoded()
            let file = try Safetensors(parsing: bytes, path: "x")
            for variable in ["first_moment", "second_moment", "velocity"] {
                let isThere = file.tensor("\(variable).fc.weight") != nil
                let isKept = settings.updateRule.stateVariables.map(\.rawValue).contains(variable)
                #expect(isThere == isKept, "\(variable) of \(settings.optimizer)")
            }
        }
    }

    @Test(
        "resumes an optimizer with the same updates, to the last bit",
        arguments: Kernels.supported, settings)
    func resuming(kernels: any KernelSet.Type, settings: TrainingConfiguration) throws {
        var checkpoint = sampleCheckpoint(settings)
        let count = checkpoint.parameters.count
        let parameters = FloatBuffer(randomValues(count, seed: 1))
        var optimizer = Optimizer(settings.updateRule, count: count, kernels: kernels)
        func update(_ parameters: FloatBuffer, by optimizer: inout Optimizer, step: Int) {
            let gradients = FloatBuffer(randomValues(count, seed: UInt64(100 + step)))
            optimizer.update(parameters, gradients: gradients, learningRate: 0.01)
        }
        for step in 0..<5 { update(parameters, by: &optimizer, step: step) }
        checkpoint.parameters = Snapshot(copying: parameters)
        checkpoint.optimizerState = optimizer.state
        let read = try Checkpoint(parsing: checkpoint.encoded(), path: "x")
        let resumedParameters = FloatBuffer(copying: read.parameters)
        var resumed = Optimizer(
            settings.updateRule, steps: 5, state: read.optimizerState, kernels: kernels)
        for step in 5..<10 {
            update(parameters, by: &optimizer, step: step)
            update(resumedParameters, by: &resumed, step: step)
        }
        #expect(resumedParameters.values.bits == parameters.values.bits)
    }

    @Test("is rejected after any bit flips")
    func flippedBits() {
        var unnoticed: [Int] = []
        forEachFlippedBit(of: sampleCheckpoint().encoded(), every: 7) { damaged, bit in
            if (try? Checkpoint(parsing: damaged, path: "x")) != nil { unnoticed.append(bit) }
        }
        #expect(unnoticed.isEmpty)
    }

    @Test("is rejected if truncated at any length")
    func truncation() {
        let bytes = sampleCheckpoint().encoded()
        for length in 0..<bytes.count {
            guard (try? Checkpoint(parsing: Array(bytes.prefix(length)), path: "x")) == nil else {
                Issue.record("\(length) bytes")
                return
            }
        }
    }

    @Test("is not a model")
    func model() {
        let model = ModelFile(
            architecture: smallArchitecture, dataset: "mnist", configuration: nil,
            parameters: sampleCheckpoint().parameters)
        refuse(model.encoded(), because: "it holds no Tern checkpoint")
    }

    @Test("names a missing or misshapen tensor")
    func wrongTensors() throws {
        let whole = try Safetensors(parsing: sampleCheckpoint().encoded(), path: "x")
        let name = "second_moment.rnn.bias_hh_l1"
        refuse(try rebuilt(whole, without: name), because: "it has no tensor \(name)")
        refuse(
            try rebuilt(whole, without: name, adding: [3, 3]),
            because: "\(name) is F32 [3, 3], not F32 [9]")
    }

    @Test("with an impossibly large architecture is rejected before allocation")
    func hugeArchitecture() {
        var checkpoint = sampleCheckpoint()
        checkpoint.architecture = Architecture(
            imageRows: 16_384, imageColumns: 16_384, hiddenSize: 8_192, layers: 64, classes: 256)
        var file = Safetensors(metadata: ["tern": record(of: checkpoint)])
        refuse(file.encoded(), because: "it has no tensor rnn.weight_ih_l0")
        let few: [UInt8] = [0, 0, 0, 0]
        file.append("rnn.weight_ih_l0", shape: [1], bytes: few.span.bytes)
        refuse(file.encoded(), because: "rnn.weight_ih_l0 is F32 [1], not F32 [8192, 16384]")
    }

    @Test("of a Tern with another summation order is rejected with that reason")
    func otherFormat() {
        let text = record(of: sampleCheckpoint(), format: "tern-checkpoint-1")
        refuse(
            Safetensors(metadata: ["tern": text]).encoded(),
            because: "it is a tern-checkpoint-1 of a Tern that computes other bits")
    }

    /// The metadata of a checkpoint, which need not match the tensors.
    private func record(
        of checkpoint: Checkpoint, format: String = "tern-checkpoint-2"
    ) -> String {
        struct Record: Encodable {
            let format: String
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
                format: format, configuration: checkpoint.configuration,
                architecture: checkpoint.architecture,
                dataDigest: checkpoint.dataDigest, step: checkpoint.step, epoch: checkpoint.epoch,
                epochTally: checkpoint.epochTally, seconds: checkpoint.seconds))
    }

    /// A file with valid checksums that lacks one of the tensors, or has it in another shape.
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
