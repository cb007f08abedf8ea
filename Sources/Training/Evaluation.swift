import Datasets
import Kernels
import NeuralNetwork

/// Tells how well parameters do on examples they were not trained on.
public final class Evaluator {
    private let network: Network

    /// Makes an evaluator of networks of one architecture.
    public init(_ architecture: Architecture, kernels: any KernelSet.Type) {
        network = Network(architecture, capacity: ShardGradients.rowsPerPass, kernels: kernels)
    }

    /// Takes over the parameters, little-endian float32 values in the layout's order.
    public func load(_ parameters: RawSpan) { network.load(parameters) }

    /// The loss of each example in `range`, in order.
    public func losses(of range: Range<Int>, in set: ExampleSet) -> [ExampleLoss] {
        let size = set.shape.byteCount
        let values = set.values.span
        var losses: [ExampleLoss] = []
        losses.reserveCapacity(range.count)
        var rest = range
        while !rest.isEmpty {
            let part = rest.prefix(network.capacity)
            rest = rest.dropFirst(part.count)
            for (row, example) in part.enumerated() {
                let bytes = values.extracting(example * size..<(example + 1) * size).bytes
                network.setInput(bytes, row: row, of: part.count)
            }
            network.forward(rows: part.count, sharing: true)
            for (row, example) in part.enumerated() {
                losses.append(network.loss(row: row, label: Int(set.labels[example])))
            }
        }
        return losses
    }
}

/// Losses that are computed in parts, all at once, in their order.
package func allLosses(
    parts: Int, losses: @escaping @Sendable (_ part: Int) async -> [ExampleLoss]
) async -> [ExampleLoss] {
    await withTaskGroup(of: (Int, [ExampleLoss]).self) { group in
        for part in 0..<parts { group.addTask { (part, await losses(part)) } }
        let all = await group.reduce(into: [[ExampleLoss]](repeating: [], count: parts)) {
            $0[$1.0] = $1.1
        }
        return Array(all.joined())
    }
}

extension Tally {
    /// The tally of examples' losses, added up in their order.
    public init(_ losses: some Sequence<ExampleLoss>) {
        self.init()
        for result in losses { self += result }
    }

    /// The tally of losses that are computed in parts, all at once, and added up in their order.
    public init(parts: Int, losses: @escaping @Sendable (_ part: Int) async -> [ExampleLoss]) async
    {
        self.init(await allLosses(parts: parts, losses: losses))
    }

    /// Counts one more example.
    public static func += (left: inout Tally, right: ExampleLoss) {
        left.examples += 1
        left.correct += right.isCorrect ? 1 : 0
        left.loss += Double(right.loss)
    }
}
