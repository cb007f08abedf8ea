import Kernels
import NeuralNetwork
import TestSupport
import Testing

@Suite("Initialization")
struct InitializationTests {
    @Test(
        "is within 1/√hidden in recurrent layers and 1/√inputs in the readout",
        arguments: SampleArchitectures.wide)
    func bounds(architecture: Architecture) {
        let layout = ParameterLayout(architecture)
        let values = layout.initialParameters(for: architecture, seed: 1).values
        for tensor in layout.tensors {
            let inputs = architecture.isBidirectional ? 70 : 35
            let fan = tensor.name.hasPrefix("fc.") ? inputs : 35
            let bound = 1 / Float(fan).squareRoot()
            let largest = tensor.part(of: values).map(\.magnitude).max() ?? 0
            #expect(largest <= bound, "\(tensor.name)")
            #expect(tensor.count < 300 || largest > 0.95 * bound, "\(tensor.name)")
        }
    }

    @Test(
        "by identity copies the hidden state, with zero biases in the layers",
        arguments: SampleArchitectures.wide)
    func identity(architecture: Architecture) {
        let layout = ParameterLayout(architecture)
        let uniform = layout.initialParameters(for: architecture, seed: 1).values
        let values = layout.initialParameters(for: architecture, seed: 1, .identity).values
        for tensor in layout.tensors {
            let part = Array(tensor.part(of: values))
            if tensor.name.contains("weight_hh") {
                let expected = part.indices.map { Float($0 / 35 % 35 == $0 % 35 ? 1 : 0) }
                #expect(part == expected, "\(tensor.name)")
            } else if tensor.name.hasPrefix("rnn.bias") {
                #expect(part.allSatisfy { $0 == 0 }, "\(tensor.name)")
            } else {
                #expect(part.bits == tensor.part(of: uniform).bits, "\(tensor.name)")
            }
        }
    }

    @Test("by identity makes a relu network sum its inputs", arguments: Kernels.supported)
    func memory(kernels: any KernelSet.Type) {
        let architecture = Architecture(
            nonlinearity: .relu, imageRows: 3, imageColumns: 4, sequence: .pixels, hiddenSize: 8,
            layers: 1, classes: 8)
        let layout = ParameterLayout(architecture)
        let parameters = layout.initialParameters(for: architecture, seed: 1, .identity)
        let weight = Array(layout.tensors[0].part(of: parameters.values))
        // The readout exposes the hidden values.
        for tensor in layout.tensors where tensor.name.hasPrefix("fc.") {
            for index in 0..<tensor.count {
                parameters[tensor.offset + index] = tensor.count == 64 && index % 9 == 0 ? 1 : 0
            }
        }
        let batch = Batch.random(1, for: architecture, seed: 2)
        let network = Network(
            architecture, parameters: parameters.values, capacity: 1, kernels: kernels)
        let total = batch.images[0].reduce(0, +)
        let expected = weight.map { max(Double($0) * total, 0) }
        #expect(relativeDistance(network.run(batch).logits[0], from: expected) < 1e-6)
    }
}
