import Kernels
import NeuralNetwork
import TestSupport
import Testing

@Suite("Rows that share blank time steps")
struct SharingTests {
    private static let rows = 13
    private static let architectures = SampleArchitectures.wide

    @Test("have the same logits and losses as separate rows, to the bit", arguments: architectures)
    func forward(architecture: Architecture) {
        for (first, last) in [(0, 1), (1, 0), (2, 3), (architecture.timeSteps, 0)] {
            let batch = batch(architecture).blank(first: first, last: last, for: architecture)
            for kernels in Kernels.supported {
                let expected = network(architecture, kernels).run(batch)
                let pass = network(architecture, kernels).run(batch, sharing: true)
                #expect(pass.logits.map(\.bits) == expected.logits.map(\.bits))
                #expect(pass.losses.map(\.loss) == expected.losses.map(\.loss))
            }
        }
    }

    @Test(
        "have the same parameter gradients as separate rows, within rounding",
        arguments: Kernels.supported, architectures)
    func gradients(kernels: any KernelSet.Type, architecture: Architecture) {
        let batch = batch(architecture).blank(first: 2, last: 2, for: architecture)
        let separate = gradients(architecture, batch, sharing: false, kernels)
        let fused = gradients(architecture, batch, sharing: true, kernels)
        #expect(relativeDistance(fused, from: separate.map(Double.init)) < 1e-5)
        // The sums have another order, which shows that something was shared.
        #expect(fused.bits != separate.bits)
    }

    @Test("have the same bits in every kernel set", arguments: architectures)
    func agreement(architecture: Architecture) throws {
        let batch = batch(architecture).blank(first: 2, last: 1, for: architecture)
        let results = Kernels.supported.map {
            gradients(architecture, batch, sharing: true, $0).bits
        }
        let first = try #require(results.first)
        #expect(results.allSatisfy { $0 == first })
    }

    @Test("do not depend on earlier passes", arguments: Kernels.supported, architectures)
    func noMemory(kernels: any KernelSet.Type, architecture: Architecture) {
        let network = network(architecture, kernels)
        for first in [0, 3, 1, 2, 0] {
            let batch = batch(architecture).blank(first: first, last: 0, for: architecture)
            _ = network.run(batch, sharing: true)
            let expected = gradients(architecture, batch, sharing: true, kernels)
            #expect(network.gradients(of: 0..<Self.rows, rows: Self.rows).bits == expected.bits)
        }
    }

    @Test("stop sharing at the first step where any row has input", arguments: architectures)
    func oneLitPixel(architecture: Architecture) {
        var batch = batch(architecture).blank(first: 3, last: 3, for: architecture)
        let last = (Self.rows - 1) * architecture.exampleSize
        for pixel in [last, last + architecture.exampleSize - 1] { batch.pixels[pixel] = 1 }
        for kernels in Kernels.supported {
            #expect(
                gradients(architecture, batch, sharing: true, kernels).bits
                    == gradients(architecture, batch, sharing: false, kernels).bits)
        }
    }

    @Test(
        "skip blank columns at the sides, and no bit changes",
        arguments: architectures)
    func blankSides(architecture: Architecture) {
        for (left, right, last) in [(2, 3, 0), (0, 10, 2), (10, 0, 1), (5, 5, 4)] {
            // Neither direction starts with a blank time step, so nothing is shared.
            let batch = batch(architecture)
                .blank(first: 0, last: architecture.isBidirectional ? 0 : last, for: architecture)
                .blank(left: left, right: right, for: architecture)
            for kernels in Kernels.supported {
                #expect(
                    gradients(architecture, batch, sharing: true, kernels).bits
                        == gradients(architecture, batch, sharing: false, kernels).bits)
            }
        }
    }

    @Test("overwrite old values with the first gradients", arguments: architectures)
    func firstGradients(architecture: Architecture) {
        let batch = batch(architecture).blank(first: 1, last: 1, for: architecture)
            .blank(left: 2, right: 1, for: architecture)
        for kernels in Kernels.supported {
            let network = network(architecture, kernels)
            _ = network.run(batch, sharing: true)
            let target = FloatBuffer(Array(repeating: Float.nan, count: network.layout.count))
            network.addParameterGradients(
                of: 0..<Self.rows, rows: Self.rows, to: target, isFirst: true)
            let expected = gradients(architecture, batch, sharing: true, kernels)
            #expect(target.values.bits == expected.bits)
        }
    }

    @Test("do not count negative zeros as blank, because their products differ in sign")
    func negativeZeros() throws {
        let architecture = Architecture(
            imageRows: 4, imageColumns: 3, element: .float32, hiddenSize: 5, layers: 1, classes: 2)
        let values = [Float](repeating: -0.0, count: 6) + [0.5, 1, 2, -1, 3, 0.25]
        let gradients = Kernels.supported.flatMap { kernels in
            [false, true].map { sharing in
                let network = network(architecture, kernels)
                for row in 0..<2 {
                    FloatBuffer(values).withBytes { network.setInput($0, row: row, of: 2) }
                }
                network.forward(rows: 2, sharing: sharing)
                for row in 0..<2 { _ = network.loss(row: row, label: row) }
                network.backward(rows: 2)
                return network.gradients(of: 0..<2, rows: 2).bits
            }
        }
        let first = try #require(gradients.first)
        #expect(gradients.allSatisfy { $0 == first })
    }

    private func batch(_ architecture: Architecture) -> Batch {
        .random(Self.rows, for: architecture, seed: 1)
    }

    private func network(_ architecture: Architecture, _ kernels: any KernelSet.Type) -> Network {
        let parameters = ParameterLayout(architecture).initialParameters(for: architecture, seed: 4)
        return Network(
            architecture, parameters: parameters.values, capacity: 16, kernels: kernels)
    }

    private func gradients(
        _ architecture: Architecture, _ batch: Batch, sharing: Bool, _ kernels: any KernelSet.Type
    ) -> [Float] {
        let network = network(architecture, kernels)
        _ = network.run(batch, sharing: sharing)
        return network.gradients(of: 0..<Self.rows, rows: Self.rows)
    }
}
