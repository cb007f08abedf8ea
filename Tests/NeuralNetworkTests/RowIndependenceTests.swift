import Kernels
import NeuralNetwork
import TestSupport
import Testing

@Suite("The rows of a pass")
struct RowIndependenceTests {
    private static let plain = SampleArchitectures.wide + SampleArchitectures.wideConvolutions
    private static let architectures =
        plain
        + plain.map { architecture in
            var dropping = architecture
            dropping.dropout = 0.25
            return dropping
        }
    private static let rows = 23

    @Test(
        "have the same logits and losses, to the bit, in any batch",
        arguments: Kernels.supported, architectures)
    func forward(kernels: any KernelSet.Type, architecture: Architecture) {
        let batch = Batch.random(Self.rows, for: architecture, seed: 1)
        let whole = network(architecture, capacity: Self.rows, kernels)
        let expected = run(whole, batch)
        let companies = [Array(0..<Self.rows).reversed(), Array(5..<14), [3, 3, 3, 3], [22, 0]]
        for company in companies + (0..<Self.rows).map({ [$0] }) {
            let other = network(architecture, capacity: 31, kernels)
            let pass = run(other, batch.picking(company), company)
            for (row, example) in company.enumerated() {
                #expect(pass.logits[row].bits == expected.logits[example].bits)
                #expect(pass.losses[row].loss == expected.losses[example].loss)
                #expect(pass.losses[row].isCorrect == expected.losses[example].isCorrect)
            }
        }
    }

    @Test(
        "have the same parameter gradients, to the bit, whatever the other rows",
        arguments: Kernels.supported, architectures)
    func gradients(kernels: any KernelSet.Type, architecture: Architecture) {
        let batch = Batch.random(Self.rows, for: architecture, seed: 1)
        let whole = network(architecture, capacity: Self.rows, kernels)
        _ = run(whole, batch)
        for part in [0..<1, 22..<23, 0..<8, 8..<15, 3..<23, 0..<Self.rows] {
            let alone = network(architecture, capacity: part.count, kernels)
            _ = run(alone, batch.picking(part), Array(part))
            let expected = alone.gradients(of: 0..<part.count, rows: part.count)
            #expect(whole.gradients(of: part, rows: Self.rows).bits == expected.bits, "\(part)")
        }
    }

    @Test("do not depend on earlier passes", arguments: Kernels.supported, architectures)
    func noMemory(kernels: any KernelSet.Type, architecture: Architecture) {
        let batch = Batch.random(7, for: architecture, seed: 1)
        let network = network(architecture, capacity: Self.rows, kernels)
        let expected = run(network, batch)
        let gradients = network.gradients(of: 0..<7, rows: 7)
        for rows in [Self.rows, 2] {
            _ = run(network, .random(rows, for: architecture, seed: 3))
            #expect(run(network, batch).logits.map(\.bits) == expected.logits.map(\.bits))
            #expect(network.gradients(of: 0..<7, rows: 7).bits == gradients.bits)
        }
    }

    @Test(
        "add their parameter gradients to the existing ones", arguments: Kernels.supported,
        architectures)
    func accumulation(kernels: any KernelSet.Type, architecture: Architecture) {
        let network = network(architecture, capacity: 7, kernels)
        _ = run(network, .random(7, for: architecture, seed: 1))
        let single = network.gradients(of: 0..<7, rows: 7)
        let double = FloatBuffer(single)
        network.addParameterGradients(of: 0..<7, rows: 7, to: double)
        #expect(relativeDistance(double.values, from: single.map { 2 * Double($0) }) < 1e-6)
    }

    @Test("have the same bits in every kernel set", arguments: architectures)
    func agreement(architecture: Architecture) throws {
        let batch = Batch.random(Self.rows, for: architecture, seed: 1)
        let results = Kernels.supported.map { kernels in
            let network = network(architecture, capacity: Self.rows, kernels)
            let logits = run(network, batch).logits.flatMap(\.bits)
            return logits + network.gradients(of: 0..<Self.rows, rows: Self.rows).bits
        }
        let first = try #require(results.first)
        #expect(results.allSatisfy { $0 == first })
    }

    private func network(
        _ architecture: Architecture, capacity: Int, _ kernels: any KernelSet.Type
    ) -> Network {
        let layout = ParameterLayout(architecture)
        let parameters = layout.initialParameters(for: architecture, seed: 4)
        return Network(
            architecture, parameters: parameters.values, capacity: capacity, kernels: kernels)
    }

    /// Runs a batch of these examples of a shard; by default the first ones, in order.
    private func run(_ network: Network, _ batch: Batch, _ examples: [Int]? = nil) -> Pass {
        guard network.architecture.dropout > 0 else { return network.run(batch) }
        let examples = examples ?? Array(batch.labels.indices)
        return network.run(batch, dropping: examples.map { ReferenceDraw(example: $0) })
    }
}
