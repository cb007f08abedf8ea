import KernelInterface

/// The confusion matrix and the hardest examples of a test.
public struct TestDetail: Sendable, Equatable {
    /// An example with a high loss.
    public struct Example: Sendable, Equatable {
        /// Its index in the test set, counted from 0.
        public var index: Int
        /// Its class.
        public var label: Int
        /// The predicted class.
        public var predicted: Int
        /// Its cross entropy, in nats.
        public var loss: Float
    }

    /// The number of examples per class and prediction: [label][predicted].
    public let confusion: [[Int]]
    /// The examples with the highest loss, the highest first.
    public let hardest: [Example]

    /// The maximum number of hardest examples.
    public static let mostExamples = 24

    /// Makes the detail of a test from the loss and the label of each example.
    public init(_ losses: [ExampleLoss], labels: [UInt8], classes: Int) {
        var confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
        var hardest: [Example] = []
        for (index, loss) in losses.enumerated() {
            let label = Int(labels[index])
            confusion[label][loss.predicted] += 1
            guard hardest.count < Self.mostExamples || loss.loss > (hardest.last?.loss ?? 0) else {
                continue
            }
            let place = hardest.firstIndex { $0.loss < loss.loss } ?? hardest.count
            hardest.insert(
                Example(index: index, label: label, predicted: loss.predicted, loss: loss.loss),
                at: place)
            if hardest.count > Self.mostExamples { hardest.removeLast() }
        }
        (self.confusion, self.hardest) = (confusion, hardest)
    }
}
