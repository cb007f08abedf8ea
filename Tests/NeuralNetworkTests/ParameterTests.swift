import Kernels
import NeuralNetwork
import Randomness
import TestSupport
import Testing

@Suite("Parameters")
struct ParameterTests {
    private let architecture = Architecture(
        imageRows: 28, imageColumns: 28, hiddenSize: 20, layers: 2, classes: 10)

    @Test("start uniform in ±1/√hidden, tensor by tensor")
    func distribution() {
        let wide = Architecture(
            imageRows: 28, imageColumns: 28, hiddenSize: 64, layers: 2, classes: 10)
        let layout = ParameterLayout(wide)
        let values = layout.initialParameters(for: wide, seed: 1).values
        for tensor in layout.tensors where tensor.count > 500 {
            let part = tensor.part(of: values).map { Double($0) * 8 }
            #expect(part.allSatisfy { $0 >= -1 && $0 < 1 }, "\(tensor.name)")
            // Mean 0 and variance 1/3, each within five deviations.
            let count = Double(part.count)
            let mean = part.reduce(0, +) / count
            #expect(mean.magnitude < 5 * (1 / 3 / count).squareRoot(), "\(tensor.name)")
            let variance = part.reduce(0) { $0 + $1 * $1 } / count
            let deviation = (4 / 45 / count).squareRoot()
            #expect((variance - 1.0 / 3).magnitude < 5 * deviation, "\(tensor.name)")
        }
    }

    @Test("are drawn from the stream of the seed and the tensor's name")
    func keys() {
        let layout = ParameterLayout(architecture)
        let values = layout.initialParameters(for: architecture, seed: 9).values
        let bound = 1 / Float(20).squareRoot()
        for tensor in layout.tensors {
            var random = Philox(seed: 9, for: tensor.name)
            let expected = (0..<tensor.count).map { _ in bound * (2 * random.uniform() - 1) }
            #expect(tensor.part(of: values).bits == expected.bits, "\(tensor.name)")
        }
    }

    @Test("differ for another seed")
    func seeds() {
        let layout = ParameterLayout(architecture)
        let first = layout.initialParameters(for: architecture, seed: 0).values
        let second = layout.initialParameters(for: architecture, seed: 1).values
        let equal = zip(first, second).count { $0 == $1 }
        #expect(equal < layout.count / 100)
    }

    @Test(
        "are loaded from any address, without reading past their end",
        arguments: [
            Architecture(
                cell: .lstm, imageRows: 4, imageColumns: 7, hiddenSize: 96, layers: 1, classes: 17),
            // A large network with few values behind the recurrent weights, and a small one.
            Architecture(
                cell: .lstm, imageRows: 2, imageColumns: 16_384, hiddenSize: 1, layers: 2,
                classes: 2),
            Architecture(imageRows: 5, imageColumns: 3, hiddenSize: 6, layers: 1, classes: 3),
        ], Kernels.supported)
    func addresses(architecture: Architecture, kernels: any KernelSet.Type) {
        let parameters = ParameterLayout(architecture)
            .initialParameters(for: architecture, seed: 3)
        let bytes = parameters.withBytes { bytes in bytes.withUnsafeBytes { Array($0) } }
        let batch = Batch.random(3, for: architecture, seed: 4)
        let logits = (0..<4).map { offset in
            let network = Network(architecture, capacity: 3, kernels: kernels)
            // Memory that ends with the parameters.
            let moved = [UInt8](repeating: 0xFF, count: offset) + bytes
            network.load(moved.span.bytes.extracting(offset..<moved.count))
            return network.run(batch).logits.map(\.bits)
        }
        #expect(Set(logits).count == 1)
    }
}
