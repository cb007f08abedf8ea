import Kernels
import NeuralNetwork
import TestSupport
import Testing

@Suite("Against a double-precision network")
struct NumericalGradientTests {
    static let architectures = Nonlinearity.allCases.flatMap { nonlinearity in
        [
            Architecture(
                nonlinearity: nonlinearity, imageRows: 4, imageColumns: 5, hiddenSize: 7, layers: 1,
                classes: 3),
            Architecture(
                nonlinearity: nonlinearity, imageRows: 6, imageColumns: 3, hiddenSize: 9, layers: 2,
                classes: 4),
            Architecture(
                nonlinearity: nonlinearity, imageRows: 3, imageColumns: 4, hiddenSize: 5, layers: 3,
                classes: 2),
            Architecture(
                nonlinearity: nonlinearity, imageRows: 1, imageColumns: 6, hiddenSize: 4, layers: 2,
                classes: 3),
            Architecture(
                nonlinearity: nonlinearity, imageRows: 2, imageColumns: 1, hiddenSize: 1, layers: 1,
                classes: 2),
        ]
    }

    @Test(
        "logits and losses are the reference's within rounding", arguments: Kernels.supported,
        architectures)
    func forward(kernels: any KernelSet.Type, architecture: Architecture) {
        let (parameters, batch) = sample(architecture)
        let network = Network(
            architecture, parameters: parameters, capacity: 6, kernels: kernels)
        let reference = ReferenceNetwork(
            architecture: architecture, parameters: parameters.map(Double.init))
        let pass = network.run(batch)
        for (row, image) in batch.images.enumerated() {
            #expect(relativeDistance(pass.logits[row], from: reference.logits(of: image)) < 1e-6)
            let loss = reference.loss([image], [batch.labels[row]])
            #expect((Double(pass.losses[row].loss) - loss).magnitude < 1e-6)
        }
    }

    @Test(
        "the gradient of every parameter is the reference's slope", arguments: Kernels.supported,
        architectures)
    func backward(kernels: any KernelSet.Type, architecture: Architecture) {
        let (parameters, batch) = sample(architecture)
        let network = Network(
            architecture, parameters: parameters, capacity: 6, kernels: kernels)
        _ = network.run(batch)
        let gradients = network.gradients(of: 0..<6, rows: 6)
        let reference = ReferenceNetwork(
            architecture: architecture, parameters: parameters.map(Double.init))
        let slopes = reference.numericalGradient(batch.images, batch.labels)
        for tensor in network.layout.tensors {
            let distance = relativeDistance(
                tensor.part(of: gradients), from: tensor.part(of: slopes))
            #expect(distance < 1e-5, "\(tensor.name)")
        }
    }

    /// Parameters somewhat larger than fresh ones, so that every unit matters, and six images.
    private func sample(_ architecture: Architecture) -> (parameters: [Float], batch: Batch) {
        let count = ParameterLayout(architecture).count
        return (
            randomValues(count, seed: 1, limit: 0.8), .random(6, for: architecture, seed: 2)
        )
    }
}
