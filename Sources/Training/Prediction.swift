import KernelInterface
import Kernels
import NeuralNetwork

/// What a network makes of one example.
public struct Prediction: Sendable, Equatable {
    /// The probability of each class [C]: the softmax of the logits.
    public let probabilities: [Float]
    /// The classes from the likeliest to the least likely; of equals the lower one first.
    public let ranking: [Int]

    /// The likeliest class.
    public var best: Int { ranking[0] }

    /// The prediction that logits [C] stand for, the same bits with every kernel set.
    public init(logits: [Float], kernels: any KernelSet.Type) {
        // The gradient of the loss is the softmax, but for the label's own class.
        func gradient(label: Int) -> [Float] {
            let row = FloatBuffer(logits)
            _ = kernels.softmaxCrossEntropy(row.vector, label: label, smoothing: 0)
            return row.values
        }
        probabilities = [gradient(label: 1)[0]] + gradient(label: 0).dropFirst()
        ranking = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
    }
}

/// Tells the classes of examples one by one.
public final class Predictor {
    private let network: Network
    private let kernels: any KernelSet.Type

    /// Makes a predictor of a trained model.
    public init(_ model: ModelFile, kernels: any KernelSet.Type) {
        self.kernels = kernels
        network = Network(model.architecture, capacity: 1, kernels: kernels)
        model.parameters.withBytes { network.load($0) }
    }

    /// The prediction for the bytes of an example [rows, columns]; pixels from 0, black, to 255.
    public func predict(_ example: [UInt8]) -> Prediction {
        precondition(
            example.count == network.architecture.exampleByteCount, "an example of another size")
        network.setInput(example.span.bytes, row: 0, of: 1)
        network.forward(rows: 1)
        return Prediction(logits: network.logits(row: 0), kernels: kernels)
    }
}
