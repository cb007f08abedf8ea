import Datasets
import Kernels
import NeuralNetwork
import Reduction
import Settings

/// A training job: the configuration and the data.
public struct Job: Sendable {
    /// The settings that decide the weights, with a batch and shards that fit the data.
    public let configuration: TrainingConfiguration
    /// The data set.
    public let dataset: Dataset
    /// The network's architecture.
    public let architecture: Architecture
    /// The examples of each step.
    public let plan: BatchPlan
    /// The examples of each shard.
    public let layout: ShardLayout
    /// The initial parameters; nil to draw them from the seed.
    public var initialParameters: Snapshot?
    /// The digest that identifies the data set.
    public let dataDigest: String
    /// The kernels of the coordinator's machine.
    public let kernels: any KernelSet.Type

    /// Fits a configuration to a data set.
    ///
    /// - Throws: ``ConfigurationError`` if they do not fit together.
    public init(
        _ configuration: TrainingConfiguration, _ dataset: Dataset, kernels: any KernelSet.Type
    ) throws(ConfigurationError) {
        let configuration = configuration.fitted(toExamples: dataset.train.count)
        try configuration.validate()
        let shape = dataset.train.shape
        try configuration.validate(
            examples: dataset.train.count, rows: shape.rows, columns: shape.columns)
        self.configuration = configuration
        self.dataset = dataset
        self.kernels = kernels
        architecture = Architecture(configuration, for: dataset)
        plan = BatchPlan(
            examples: dataset.train.count, batchSize: configuration.examplesPerStep,
            shards: configuration.shards)
        layout = ShardLayout(
            examples: dataset.train.count, shards: configuration.shards, seed: configuration.seed)
        dataDigest = dataset.digest
    }

    /// The data of the shards at `slots`, by shard.
    public func shards(at slots: Range<Int>) -> [Int: Shard] {
        Dictionary(
            uniqueKeysWithValues: slots.map { slot in
                let shard = shard(atSlot: slot, of: plan.shards)
                let all = 0..<plan.examples(inShard: shard)
                return (shard, layout.examples(all, ofShard: shard, from: dataset.train))
            })
    }
}
