import Bounds

/// The counts and the loss that are summed beside the gradients.
public struct Tally: Sendable, Equatable, Codable {
    /// The number of examples.
    public var examples = 0
    /// The number of examples whose most likely class is the label.
    public var correct = 0
    /// The summed cross entropy, in nats.
    public var loss = 0.0

    /// Makes a tally, empty by default.
    public init(examples: Int = 0, correct: Int = 0, loss: Double = 0) {
        self.examples = examples
        self.correct = correct
        self.loss = loss
    }

    /// Reads a tally and checks its limits.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        examples = try values.decode(Bounded<ExampleCount>.self, forKey: .examples).wrappedValue
        correct = try values.decode(Bounded<ExampleCount>.self, forKey: .correct).wrappedValue
        loss = try values.decode(Bounded<LossSum>.self, forKey: .loss).wrappedValue
    }

    /// The mean cross entropy, in nats.
    public var meanLoss: Double { loss / Double(max(examples, 1)) }

    /// The fraction of correct predictions, 0 to 1.
    public var accuracy: Double { Double(correct) / Double(max(examples, 1)) }

    /// Adds another tally.
    public static func += (left: inout Tally, right: Tally) {
        left.examples += right.examples
        left.correct += right.correct
        left.loss += right.loss
    }
}
