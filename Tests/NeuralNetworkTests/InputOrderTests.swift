import Kernels
import NeuralNetwork
import Randomness
import TestSupport
import Testing

@Suite("Reading orders")
struct InputOrderTests {
    @Test("by columns equal the rows of the transposed image", arguments: Kernels.supported)
    func columns(kernels: any KernelSet.Type) {
        let transposed = (0..<35).map { $0 % 5 * 7 + $0 / 5 }
        expectSame(.columns, 5, 7, as: .rows, 7, 5, reading: transposed, kernels)
    }

    @Test("by pixels equal the rows of an image one pixel wide", arguments: Kernels.supported)
    func pixels(kernels: any KernelSet.Type) {
        expectSame(.pixels, 5, 7, as: .rows, 35, 1, reading: Array(0..<35), kernels)
    }

    @Test(
        "by permuted pixels use one fixed permutation in every run",
        arguments: Kernels.supported)
    func permuted(kernels: any KernelSet.Type) {
        var random = Philox(seed: 0, for: "permuted pixels")
        let permutation = random.permutation(of: 35).map { Int($0) }
        #expect(permutation.sorted() == Array(0..<35) && permutation != Array(0..<35))
        expectSame(.permuted, 5, 7, as: .pixels, 5, 7, reading: permutation, kernels)
    }

    /// Expects the same results from one network as from another that gets the pixels in `order`.
    private func expectSame(
        _ sequence: SequenceOrder, _ rows: Int, _ columns: Int, as other: SequenceOrder,
        _ otherRows: Int, _ otherColumns: Int, reading order: [Int], _ kernels: any KernelSet.Type
    ) {
        let architectures = [(sequence, rows, columns), (other, otherRows, otherColumns)].map {
            Architecture(
                cell: .gru, imageRows: $1, imageColumns: $2, sequence: $0, hiddenSize: 9,
                layers: 2, isBidirectional: true, readout: .mean, classes: 4)
        }
        let layout = ParameterLayout(architectures[0])
        #expect(ParameterLayout(architectures[1]) == layout)
        let parameters = randomValues(layout.count, seed: 1)
        let batch = Batch.random(5, for: architectures[0], seed: 2)
        var ordered = batch
        ordered.pixels = (0..<5).flatMap { image in order.map { batch.pixels[image * 35 + $0] } }
        let results = zip(architectures, [batch, ordered]).map { architecture, batch in
            let network = Network(
                architecture, parameters: parameters, capacity: 5, kernels: kernels)
            let logits = network.run(batch).logits.flatMap(\.bits)
            return logits + network.gradients(of: 0..<5, rows: 5).bits
        }
        #expect(results[0] == results[1])
    }
}
