import Datasets
import Kernels
import NeuralNetwork
import Optimizers
import Randomness
import Reduction
import Settings
import Training

/// A real training that takes a millisecond, and its undisturbed results.
package struct SmallTraining: Sendable {
    package let job: Job
    /// The SHA-256 of the weights before the first step and after each one.
    package let weights: [String]
    /// The tally of each epoch.
    package let epochTallies: [Tally]

    /// The number of its parameters.
    var parameterCount: Int { ParameterLayout(job.architecture).count }

    /// The number of steps in the run.
    package var steps: Int { weights.count - 1 }

    /// Trainings with different layouts of steps and slots: spare slots and too few, short last steps, and
    /// every kind of optimizer state.
    package static let all: [SmallTraining] = [
        SmallTraining(examples: 53, batchSize: 12, shards: 8, epochs: 3) { $0.layers = 1 },
        SmallTraining(examples: 64, batchSize: 16, shards: 4, epochs: 4) {
            $0.optimizer = .sgd
            $0.momentum = 0.9
        },
        SmallTraining(examples: 41, batchSize: 7, shards: 16, epochs: 2) {
            $0.layers = 2
            $0.dropout = 0.2
        },
        SmallTraining(examples: 30, batchSize: 10, shards: 2, epochs: 5) {
            $0.optimizer = .adamw
            $0.weightDecay = 0.1
            $0.labelSmoothing = 0.1
        },
    ]

    /// Trains once, shard by shard, without machines, messages or workers.
    package init(
        examples: Int, batchSize: Int, shards: Int, epochs: Int,
        _ adapt: (inout TrainingConfiguration) -> Void = { _ in }
    ) {
        var configuration = TrainingConfiguration()
        configuration.hidden = 5
        configuration.batchSize = batchSize
        configuration.shards = shards
        configuration.epochs = epochs
        configuration.learningRate = 0.01
        configuration.seed = 7
        adapt(&configuration)
        do {
            let data = try Dataset(
                train: Self.images(examples, seed: 1), test: Self.images(4, seed: 2))
            job = try Job(configuration, data, kernels: Kernels.select(nil))
        } catch {
            preconditionFailure("the sample configurations fit their data: \(error)")
        }
        (weights, epochTallies) = Self.train(job)
    }

    private static func images(_ count: Int, seed: UInt64) -> ExampleSet {
        var random = Philox(seed: seed, for: "simulated images")
        let shape = ExampleShape(rows: 3, columns: 4)
        return ExampleSet(
            shape, values: (0..<count * shape.byteCount).map { _ in UInt8(random.below(256)) },
            labels: (0..<count).map { UInt8($0 % 3) })
    }

    private static func train(_ job: Job) -> (weights: [String], epochTallies: [Tally]) {
        let (plan, configuration) = (job.plan, job.configuration)
        let shards = job.shards(at: 0..<plan.shards)
        var state = TrainingState(job, resuming: nil)
        let lane = ShardGradients(job)
        var weights = [state.parameters.sha256]
        var epochTallies: [Tally] = []
        for step in 0..<configuration.epochs * plan.stepsPerEpoch {
            state.parameters.withBytes { lane.load($0) }
            let sums = lane.compute(slots: 0..<plan.shards, step: step, shards: shards)
            precondition(sums.count == 1 && state.update(sums[0]), "the sample training converges")
            weights.append(state.parameters.sha256)
            if state.step % plan.stepsPerEpoch == 0 { epochTallies.append(state.epochTally) }
        }
        return (weights, epochTallies)
    }
}
