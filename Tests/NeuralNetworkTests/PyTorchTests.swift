import Foundation
import Kernels
import NeuralNetwork
import Optimizers
import TestSupport
import Testing

@Suite("Compared with PyTorch,")
struct PyTorchTests {
    static let cases =
        ["rnn-1-tanh", "rnn-1-relu", "rnn-2-tanh", "rnn-2-relu"]
        + ["rnn", "lstm", "gru"].flatMap { ["\($0)-1-bidirectional", "\($0)-2-bidirectional"] }
        + ["lstm-1", "lstm-2", "gru-1", "gru-2", "lstm-1-mean", "gru-1-bidirectional-mean"]
        + ["crnn-1", "crnn-2"]

    @Test("logits and loss of a first batch agree", arguments: Kernels.supported, cases)
    func firstForward(kernels: any KernelSet.Type, name: String) throws {
        let run = try TrainedNetwork(name)
        let pass = run.network(try run.parameters("initial"), kernels).run(try run.batch(0))
        let logits = try run.fixture.floats("logits")
        #expect(relativeDistance(pass.logits.flatMap(\.self), from: logits) < 1e-5)
        let loss = try run.fixture.doubles("loss")
        #expect((pass.meanLoss - loss[0]).magnitude < 1e-5)
    }

    @Test("every gradient of a first batch agrees", arguments: Kernels.supported, cases)
    func firstGradients(kernels: any KernelSet.Type, name: String) throws {
        let run = try TrainedNetwork(name)
        let gradients = try run.meanGradients(
            run.network(try run.parameters("initial"), kernels), try run.batch(0), kernels)
        for tensor in run.layout.tensors {
            let expected = try run.fixture.floats("gradient.\(tensor.name)")
            let distance = relativeDistance(tensor.part(of: gradients.values), from: expected)
            #expect(distance < 1e-5, "\(tensor.name)")
        }
    }

    @Test(
        "losses and weights of twenty Adam steps agree",
        arguments: Kernels.supported, cases)
    func training(kernels: any KernelSet.Type, name: String) throws {
        let run = try TrainedNetwork(name)
        let rate = try #require(run.fixture.metadata["learning_rate"].flatMap(Double.init))
        let losses = try run.fixture.doubles("losses")
        let parameters = FloatBuffer(try run.parameters("initial"))
        let network = run.network(parameters.values, kernels)
        var optimizer = Optimizer(
            UpdateRule(.adam), count: parameters.count, kernels: kernels)
        for step in 1...20 {
            let batch = try run.batch((step - 1) % 3)
            parameters.withBytes { network.load($0) }
            let gradients = try run.meanGradients(network, batch, kernels) { pass in
                let error = (pass.meanLoss - losses[step - 1]).magnitude
                #expect(error < 1e-4 * losses[step - 1], "step \(step)")
            }
            optimizer.update(parameters, gradients: gradients, learningRate: rate)
            guard [1, 2, 20].contains(step) else { continue }
            for tensor in run.layout.tensors {
                let expected = try run.fixture.floats("after\(step).\(tensor.name)")
                let distance = relativeDistance(tensor.part(of: parameters.values), from: expected)
                #expect(distance < (step == 20 ? 1e-4 : 1e-5), "step \(step), \(tensor.name)")
            }
        }
    }
}

/// A network that PyTorch trained, with its batches and its weights at some steps.
private struct TrainedNetwork {
    let fixture: Fixture
    let architecture: Architecture
    var layout: ParameterLayout { ParameterLayout(architecture) }

    init(_ name: String) throws {
        let folder = try #require(Bundle.module.resourcePath)
        fixture = try Fixture(path: "\(folder)/Fixtures/\(name).safetensors")
        architecture = try Self.architecture(fixture.metadata)
    }

    /// The architecture in a fixture's metadata; the first fixtures contain only how they differ.
    private static func architecture(_ metadata: [String: String]) throws -> Architecture {
        func number(_ key: String, _ preset: String? = nil) throws -> Int {
            try #require((metadata[key] ?? preset).flatMap { Int($0) }, "\(key)")
        }
        return Architecture(
            cell: try #require(Cell(rawValue: metadata["cell", default: "rnn"])),
            nonlinearity: try #require(metadata["nonlinearity"].flatMap(Nonlinearity.init)),
            imageRows: try number("rows", "28"), imageColumns: try number("columns", "28"),
            convolutions: metadata["convolution", default: ""].split(separator: ",")
                .compactMap { Int($0) },
            hiddenSize: try number("hidden"), layers: try number("layers"),
            isBidirectional: metadata["bidirectional"] == "true",
            readout: try #require(Readout(rawValue: metadata["readout", default: "last"])),
            classes: 10)
    }

    func parameters(_ prefix: String) throws -> [Float] {
        try layout.tensors.flatMap { try fixture.floats("\(prefix).\($0.name)") }
    }

    func batch(_ index: Int) throws -> Batch {
        Batch(
            pixels: try fixture.bytes("batch\(index).images"),
            labels: try fixture.bytes("batch\(index).labels"))
    }

    func network(_ parameters: [Float], _ kernels: any KernelSet.Type) -> Network {
        Network(architecture, parameters: parameters, capacity: 16, kernels: kernels)
    }

    /// The gradients of the mean loss of a batch.
    func meanGradients(
        _ network: Network, _ batch: Batch, _ kernels: any KernelSet.Type,
        inspect: (Pass) -> Void = { _ in }
    ) throws -> FloatBuffer {
        let rows = batch.labels.count
        inspect(network.run(batch))
        let gradients = FloatBuffer(network.gradients(of: 0..<rows, rows: rows))
        kernels.divide(gradients.vector, by: Float(rows))
        return gradients
    }
}
