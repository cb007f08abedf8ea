import Kernels
import NeuralNetwork
import TestSupport
import Testing

@Suite("Dropout")
struct DropoutTests {
    private static let base = ReferenceDraw()
    private static let others = [
        ReferenceDraw(seed: 7), ReferenceDraw(step: 7), ReferenceDraw(shard: 7),
        ReferenceDraw(example: 7), ReferenceDraw(shard: 4, example: 3),
    ]

    @Test(
        "drops about the share P, and scales the rest by 1 / (1 - P)",
        arguments: Kernels.supported, [0.125, 0.5, 0.75])
    func rate(kernels: any KernelSet.Type, probability: Double) {
        let probe = DropoutProbe(probability, kernels)
        let masks = probe.masks((0..<64).map { ReferenceDraw(example: $0) })
        let scale = 1 / (1 - Float(probability))
        #expect(masks.joined().allSatisfy { $0 == 0 || $0 == scale })
        let count = Double(masks.count * masks[0].count)
        let share = Double(masks.joined().count { $0 == 0 }) / count
        let deviation = (probability * (1 - probability) / count).squareRoot()
        #expect((share - probability).magnitude < 5 * deviation)
    }

    @Test(
        "drops the same outputs of an example in any row and batch",
        arguments: Kernels.supported)
    func company(kernels: any KernelSet.Type) {
        let probe = DropoutProbe(0.25, kernels)
        let alone = probe.masks([Self.base])[0]
        #expect(probe.masks([Self.base] + Self.others)[0].bits == alone.bits)
        #expect(probe.masks(Self.others + [Self.base])[5].bits == alone.bits)
        #expect(DropoutProbe(0.25, kernels).masks([Self.base, Self.base])[1].bits == alone.bits)
    }

    @Test(
        "differs by seed, step, shard and example", arguments: Kernels.supported)
    func keys(kernels: any KernelSet.Type) {
        let masks = DropoutProbe(0.5, kernels).masks([Self.base] + Self.others)
        for first in masks.indices {
            for second in masks.indices where second > first {
                // Independent masks agree in half of their positions, within five deviations.
                let equal = zip(masks[first], masks[second]).count { $0 == $1 }
                #expect((60...140).contains(equal), "\(first) and \(second): \(equal) of 200")
            }
        }
    }

    @Test("differs between the two directions", arguments: Kernels.supported)
    func directions(kernels: any KernelSet.Type) {
        let mask = DropoutProbe(0.5, kernels).masks([Self.base])[0]
        let equal = zip(mask[..<100], mask[100...]).count { $0 == $1 }
        #expect((25...75).contains(equal), "\(equal) of 100")
    }

    @Test("draws its mask from its key's stream, step by step", arguments: Kernels.supported)
    func stream(kernels: any KernelSet.Type) {
        let probe = DropoutProbe(0.375, kernels)
        for draw in [Self.base] + Self.others {
            let expected = (0...1).flatMap { direction in
                draw.mask(probe.architecture, layer: 0, direction: direction)[2]
            }
            #expect(probe.masks([draw])[0] == expected.map(Float.init))
        }
    }

    @Test("drops nothing without draws, even after a pass with them", arguments: Kernels.supported)
    func evaluation(kernels: any KernelSet.Type) {
        let probe = DropoutProbe(0.5, kernels)
        let ones = [[Float](repeating: 1, count: 200)]
        #expect(probe.masks([]) == ones)
        #expect(probe.masks([Self.base]) != ones)
        #expect(probe.masks([]) == ones)
    }

    @Test(
        "drops nothing of the last layer",
        arguments: Kernels.supported, SampleArchitectures.wide)
    func lastLayer(kernels: any KernelSet.Type, architecture: Architecture) {
        var plain = architecture
        plain.layers = 1
        var dropping = plain
        dropping.dropout = 0.5
        let parameters = ParameterLayout(plain).initialParameters(for: plain, seed: 1).values
        let batch = Batch.random(3, for: plain, seed: 2)
        let expected = Network(plain, parameters: parameters, capacity: 3, kernels: kernels)
        let network = Network(dropping, parameters: parameters, capacity: 3, kernels: kernels)
        let draws = (0..<3).map { ReferenceDraw(example: $0) }
        let logits = network.run(batch, dropping: draws).logits
        #expect(logits == expected.run(batch).logits)
        #expect(
            network.gradients(of: 0..<3, rows: 3).bits
                == expected.gradients(of: 0..<3, rows: 3).bits)
    }
}

/// A network that exposes its dropout mask: its logits are the mask of the last time step.
///
/// All outputs of its first layer are one for any image; the second layer and the readout copy their
/// inputs. So the logits are the forward direction's 100 values, then the reverse direction's.
private struct DropoutProbe {
    let architecture: Architecture
    private let network: Network

    init(_ probability: Double, _ kernels: any KernelSet.Type) {
        architecture = Architecture(
            nonlinearity: .relu, imageRows: 3, imageColumns: 2, hiddenSize: 100, layers: 2,
            isBidirectional: true, dropout: probability, classes: 200)
        let layout = ParameterLayout(architecture)
        var parameters = [Float](repeating: 0, count: layout.count)
        for tensor in layout.tensors {
            let offset = tensor.offset
            switch tensor.name {
            case "rnn.bias_ih_l0", "rnn.bias_ih_l0_reverse":
                for unit in 0..<100 { parameters[offset + unit] = 1 }
            case "rnn.weight_ih_l1":
                for unit in 0..<100 { parameters[offset + unit * 200 + unit] = 1 }
            case "rnn.weight_ih_l1_reverse":
                for unit in 0..<100 { parameters[offset + unit * 200 + 100 + unit] = 1 }
            case "fc.weight":
                for unit in 0..<200 { parameters[offset + unit * 200 + unit] = 1 }
            default: break
            }
        }
        network = Network(architecture, parameters: parameters, capacity: 64, kernels: kernels)
    }

    /// The mask of each draw; without draws, the mask of one row.
    func masks(_ draws: [ReferenceDraw]) -> [[Float]] {
        let rows = max(draws.count, 1)
        network.forward(rows: rows, dropping: draws.map(\.draw))
        return (0..<rows).map { network.logits(row: $0) }
    }
}
