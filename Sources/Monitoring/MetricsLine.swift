import Bounds

/// A line of `metrics.jsonl`; a missing or non-finite number is nil.
package struct MetricsLine: Decodable {
    package enum Kind: String, Decodable { case step, epoch }

    package var type = Kind.step
    package var time: Double?
    @Bounded<EpochNumber> package var epoch = 0
    @Bounded<StepNumber> package var step = 0
    @Bounded<ExampleCount> package var examples = 0
    @Bounded<Seconds> package var seconds = 0.0
    package var loss: Double?
    package var accuracy: Double?
    package var learningRate: Double?
    package var testLoss: Double?
    package var testAccuracy: Double?

    /// An empty line.
    package init() {}

    enum CodingKeys: String, CodingKey {
        case type, time, epoch, step, examples, seconds, loss, accuracy
        case learningRate = "learning_rate"
        case testLoss = "test_loss"
        case testAccuracy = "test_accuracy"
    }

    /// The examples a second since an earlier step, given the seconds of training at that step; nil
    /// if no time has passed.
    package func examplesPerSecond(since earlier: Int, at earlierSeconds: Double) -> Double? {
        guard step > earlier, seconds > earlierSeconds else { return nil }
        return Double(step - earlier) * Double(examples) / (seconds - earlierSeconds)
    }
}
