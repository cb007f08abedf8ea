import KernelInterface

/// How weights did on a test set: which class was taken for which, and the examples that were hardest.
public struct TestDetail: Sendable, Equatable {
    /// An example with a great loss.
    public struct Example: Sendable, Equatable {
        /// Its place in the test set, counted from 0.
        public var index: Int
        /// Its class.
        public var label: Int
        /// The class that it was taken for.
        public var predicted: Int
        /// Its cross entropy, in nats.
        public var loss: Float
    }

    /// How many examples of each class were taken for each: [label][predicted].
    public let confusion: [[Int]]
    /// The examples with the greatest loss, the greatest first.
    public let hardest: [Example]

    /// The most examples that are kept.
    public static let mostExamples = 24

    /// The detail of a test, from the loss of each example and its class.
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
