import Datasets
import Kernels
import NeuralNetwork

/// Computes the losses of parameters on test examples.
public final class Evaluator {
    private let network: Network

    /// Makes an evaluator of networks of one architecture.
    public init(_ architecture: Architecture, kernels: any KernelSet.Type) {
        network = Network(architecture, capacity: RowGrouping.single.rows, kernels: kernels)
    }

    /// Loads the parameters: little-endian float32 values in the layout's order.
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
