import NeuralNetwork
import Randomness

/// What an example drops in a step of a run, by the stream that it is defined by.
struct ReferenceDraw: Sendable {
    var seed: UInt64 = 1
    var step = 2
    var shard = 3
    var example = 4

    /// The same, as the network takes it.
    var draw: DropoutDraw { DropoutDraw(seed: seed, step: step, shard: shard, example: example) }

    /// Zero, or 1 / (1 - P), for each time step and unit.
    func mask(_ architecture: Architecture, layer: Int, direction: Int) -> [[Double]] {
        var random = Philox(seed: seed, for: "dropout", step, shard, example, layer, direction)
        let probability = architecture.dropout
        return (0..<architecture.timeSteps).map { _ in
            (0..<architecture.hiddenSize).map { _ in
                Double(random.uniform()) < probability ? 0 : 1 / (1 - probability)
            }
        }
    }
}
