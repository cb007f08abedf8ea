import Kernels
import ModelFiles
import NeuralNetwork

/// Predicts the classes of examples one at a time.
public final class Predictor {
    private let network: Network
    private let kernels: any KernelSet.Type

    /// Makes a predictor of a trained model.
    public init(_ model: ModelFile, kernels: any KernelSet.Type) {
        self.kernels = kernels
        network = Network(model.architecture, capacity: 1, kernels: kernels)
        model.parameters.withBytes { network.load($0) }
    }

    /// The prediction for an example's bytes [rows, columns]; pixels range from 0, black, to 255.
    public func predict(_ example: [UInt8]) -> Prediction {
        precondition(
            example.count == network.architecture.exampleByteCount, "an example of another size")
        network.setInput(example.span.bytes, row: 0, of: 1)
        network.forward(rows: 1)
        return Prediction(logits: network.logits(row: 0), kernels: kernels)
    }
}
