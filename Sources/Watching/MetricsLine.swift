import Bounds

/// A line of `metrics.jsonl`; a number that is not there, or is not finite, is nil.
struct MetricsLine: Decodable {
    enum Kind: String, Decodable { case step, epoch }

    let type: Kind
    @Bounded<EpochNumber> var epoch: Int
    @Bounded<StepNumber> var step: Int
    @Bounded<ExampleCount> var examples: Int
    @Bounded<Seconds> var seconds: Double
    let loss: Double?
    let accuracy: Double?
    let learningRate: Double?
    let testLoss: Double?
    let testAccuracy: Double?

    enum CodingKeys: String, CodingKey {
        case type, epoch, step, examples, seconds, loss, accuracy
        case learningRate = "learning_rate"
        case testLoss = "test_loss"
        case testAccuracy = "test_accuracy"
    }
}
