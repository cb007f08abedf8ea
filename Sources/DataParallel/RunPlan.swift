import Files
import FoundationEssentials
import NeuralNetwork
import Protocol
import Reduction

// The welcome message carries the network as text, because the protocol knows no networks.

extension Welcome {
    /// The description of a run for a worker.
    public init(
        _ architecture: Architecture, plan: BatchPlan, seed: UInt64, labelSmoothing: Double
    ) {
        self.init(
            architecture: jsonText(architecture), examples: plan.examples,
            batchSize: plan.batchSize, shards: plan.shards, seed: seed,
            labelSmoothing: labelSmoothing)
    }
}

extension Architecture {
    /// The network that a welcome describes; nil if the text is invalid.
    init?(_ welcome: Welcome) {
        let text = Data(welcome.architecture.utf8)
        guard let value = try? JSONDecoder().decode(Self.self, from: text) else { return nil }
        self = value
    }
}

extension BatchPlan {
    /// The plan that a welcome describes; nil if its numbers are inconsistent.
    init?(_ welcome: Welcome) {
        guard welcome.batchSize >= 1, welcome.batchSize <= welcome.examples,
            welcome.shards.nonzeroBitCount == 1
        else { return nil }
        self.init(
            examples: welcome.examples, batchSize: welcome.batchSize, shards: welcome.shards)
    }
}
