import Datasets
import Kernels
import NeuralNetwork

/// Tells how well parameters do on images they were not trained on.
public final class Evaluator {
    private let network: Network

    /// Makes an evaluator of networks of one architecture.
    public init(_ architecture: Architecture, kernels: any KernelSet.Type) {
        network = Network(architecture, capacity: ShardGradients.rowsPerPass, kernels: kernels)
    }

    /// Takes over the parameters, little-endian float32 values in the layout's order.
    public func load(_ parameters: RawSpan) { network.load(parameters) }

    /// The loss of each example in `range`, in order.
    public func losses(of range: Range<Int>, in images: ImageSet) -> [ExampleLoss] {
        let size = images.rows * images.columns
        let pixels = images.pixels.span
        var losses: [ExampleLoss] = []
        losses.reserveCapacity(range.count)
        var rest = range
        while !rest.isEmpty {
            let part = rest.prefix(network.capacity)
            rest = rest.dropFirst(part.count)
            for (row, example) in part.enumerated() {
                let image = pixels.extracting(example * size..<(example + 1) * size).bytes
                network.setInput(image, row: row, of: part.count)
            }
            network.forward(rows: part.count)
            for (row, example) in part.enumerated() {
                losses.append(network.loss(row: row, label: Int(images.labels[example])))
            }
        }
        return losses
    }
}

extension Tally {
    /// The tally of examples' losses, added up in their order.
    public init(_ losses: some Sequence<ExampleLoss>) {
        self.init()
        for result in losses {
            examples += 1
            correct += result.isCorrect ? 1 : 0
            loss += Double(result.loss)
        }
    }
}
