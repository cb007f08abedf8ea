import KernelInterface

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
