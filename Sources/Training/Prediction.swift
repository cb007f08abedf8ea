import KernelInterface

/// A network's prediction for one example.
public struct Prediction: Sendable, Equatable {
    /// The probability of each class [C]: the softmax of the logits.
    public let probabilities: [Float]
    /// The classes, most likely first; the lower one first among equals.
    public let ranking: [Int]

    /// The most likely class.
    public var best: Int { ranking[0] }

    /// The prediction of logits [C]: the same bits with every kernel set.
    public init(logits: [Float], kernels: any KernelSet.Type) {
        // The gradient of the loss with respect to the logits is the softmax, except for the label's own class.
        func gradient(label: Int) -> [Float] {
            let row = FloatBuffer(logits)
            _ = kernels.softmaxCrossEntropy(row.vector, label: label, smoothing: 0)
            return row.values
        }
        probabilities = [gradient(label: 1)[0]] + gradient(label: 0).dropFirst()
        ranking = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
    }
}
