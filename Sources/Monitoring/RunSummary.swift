import Bounds
import Reduction
import RunEvents

/// A run's result, for `summary.json` and for people.
public struct RunSummary: Codable, Sendable, Equatable {
    /// `completed`, `interrupted`, `diverged` or `failed`.
    public var status: String
    /// The name of the recognised data set.
    public var dataset: String
    /// The number of workers requested, or that took part.
    public var workers: Int
    /// The epochs that were completed.
    public var epochs: Int
    /// The steps made.
    public var steps: Int
    /// The training examples used.
    public var examples: Int
    /// The duration of the steps, in seconds.
    public var wallSeconds: Double
    /// Examples over seconds.
    public var examplesPerSecond: Double
    /// The mean loss over the last epoch's steps.
    public var trainLoss: Double?
    /// The mean loss on the test set after the last epoch.
    public var testLoss: Double?
    /// The fraction of test images classified correctly after the last epoch, 0 to 1.
    public var testAccuracy: Double?
    /// SHA-256 over the parameters as float32 little-endian in `state_dict` order.
    public var weightsSHA256: String
    /// The first process that failed; nil if none did.
    public var failure: ProcessFailure?

    /// Makes a summary.
    public init(
        status: String, dataset: String, workers: Int, epochs: Int, steps: Int, examples: Int,
        wallSeconds: Double, lastEpoch: EpochReport?, weightsSHA256: String
    ) {
        self.status = status
        self.dataset = dataset
        self.workers = workers
        self.epochs = epochs
        self.steps = steps
        self.examples = examples
        self.wallSeconds = wallSeconds
        examplesPerSecond = wallSeconds > 0 ? Double(examples) / wallSeconds : 0
        trainLoss = lastEpoch?.train.meanLoss
        testLoss = lastEpoch?.test.meanLoss
        testAccuracy = lastEpoch?.test.accuracy
        self.weightsSHA256 = weightsSHA256
    }

    /// The training examples that the first steps of a run use.
    package static func examples(in steps: Int, of plan: BatchPlan) -> Int {
        let (epochs, rest) = steps.quotientAndRemainder(dividingBy: plan.stepsPerEpoch)
        return epochs * plan.examples + min(rest * plan.batchSize, plan.examples)
    }

    /// Whether its numbers are within their limits.
    package var isPossible: Bool {
        StepNumber.limits.range.contains(steps) && EpochNumber.limits.range.contains(epochs)
            && Seconds.limits.range.contains(wallSeconds) && workers >= 0 && examples >= 0
    }

    /// The summary with `?` for each character of a text that is not plainly visible.
    package var plain: RunSummary {
        var summary = self
        summary.dataset = plainText(dataset, limit: 255)
        summary.weightsSHA256 = plainText(weightsSHA256, limit: 64)
        summary.failure?.lines = failure?.lines.map { plainText($0) } ?? []
        summary.failure?.process = plainText(failure?.process ?? "", limit: 255)
        summary.failure?.host = plainText(failure?.host ?? "", limit: 255)
        return summary
    }

    enum CodingKeys: String, CodingKey {
        case status, dataset, workers, epochs, steps, examples, failure
        case wallSeconds = "wall_seconds"
        case examplesPerSecond = "examples_per_second"
        case trainLoss = "train_loss"
        case testLoss = "test_loss"
        case testAccuracy = "test_accuracy"
        case weightsSHA256 = "weights_sha256"
    }

    /// The result as lines for people.
    public var lines: [String] {
        var rows = [
            ("data set", dataset),
            ("epochs", "\(epochs) (\(steps) steps, \(grouped(Double(examples))) examples)"),
            (
                "time",
                "\(fixed(wallSeconds, 2)) s, \(grouped(examplesPerSecond)) examples/s, "
                    + "\(workers) worker\(workers == 1 ? "" : "s")"
            ),
        ]
        if let trainLoss { rows.append(("train loss", fixed(trainLoss, 4))) }
        if let testLoss { rows.append(("test loss", fixed(testLoss, 4))) }
        if let testAccuracy { rows.append(("test accuracy", percent(testAccuracy))) }
        rows.append(("weights", "sha256 \(weightsSHA256)"))
        return rows.map { name, value in
            "  " + name + String(repeating: " ", count: 15 - name.count) + value
        }
    }
}
