import NeuralNetwork
import Randomness

/// The dropout of an example in a step, drawn directly from the stream that defines it.
struct ReferenceDraw: Sendable {
    var seed: UInt64 = 1
    var step = 2
    var shard = 3
    var example = 4

    /// The same key as the network uses it.
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
