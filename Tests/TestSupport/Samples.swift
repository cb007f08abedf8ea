import Datasets
import Kernels
import ModelFiles
import NeuralNetwork
import Reduction
import Settings

/// A network small enough to train at once; its sizes fill no vector.
package let smallArchitecture = Architecture(
    imageRows: 5, imageColumns: 6, hiddenSize: 9, layers: 2, classes: 4)

/// Random images for a network with a blank first row; nine of ten also have a blank second and last row.
///
/// So some examples of a shard share their first one or two time steps.
package func randomImages(_ count: Int, for architecture: Architecture, seed: UInt64) -> ExampleSet
{
    var values = randomBytes(count * architecture.exampleSize, seed: seed)
    let tenths = randomBytes(count, seed: seed + 2, below: 10)
    let (rows, columns) = (architecture.imageRows, architecture.imageColumns)
    for (image, tenth) in tenths.enumerated() {
        for row in tenth > 0 ? [0, 1, rows - 1] : [0] {
            let first = (image * rows + row) * columns
            for pixel in first..<first + columns { values[pixel] = 0 }
        }
    }
    return ExampleSet(
        architecture.exampleShape, values: values,
        labels: randomBytes(count, seed: seed + 1, below: architecture.classes))
}

/// Random parameters for a network.
package func randomParameters(_ architecture: Architecture) -> Snapshot {
    Snapshot(randomValues(ParameterLayout(architecture).count, seed: 1))
}

/// A configuration that differs from the default in every setting.
package var unusualConfiguration: RunConfiguration {
    var configuration = RunConfiguration()
    configuration.training.dataset = "fashion-mnist"
    configuration.training.cell = .gru
    configuration.training.nonlinearity = .relu
    configuration.training.hidden = 20
    configuration.training.layers = 3
    configuration.training.bidirectional = true
    configuration.training.dropout = 0.1
    configuration.training.readout = .mean
    configuration.training.convolution = [4, 6]
    configuration.training.sequence = .permuted
    configuration.training.initialization = .identity
    configuration.training.epochs = 100
    configuration.training.batchSize = 10
    configuration.training.accumulate = 2
    configuration.training.labelSmoothing = 0.1
    configuration.training.learningRate = 0.1 + 0.2
    configuration.training.optimizer = .sgd
    configuration.training.momentum = 0.9
    configuration.training.nesterov = true
    configuration.training.weightDecay = 1e-4
    configuration.training.clipNorm = 1e-300
    configuration.training.schedule = .step
    configuration.training.warmup = 500
    configuration.training.stepEpochs = 30
    configuration.training.gamma = 0.1
    configuration.training.shards = 4_096
    configuration.training.seed = .max
    configuration.training.initialWeightsDigest = "abc"
    configuration.initialWeights = "weights"
    configuration.initialWeightsPath = "/far/weights"
    configuration.data = "/some/where \"else\""
    configuration.dataPath = "/some/where else"
    configuration.dataDigest = "abcdef"
    configuration.workers = 3
    configuration.threads = 2
    configuration.checkpointEvery = 50
    configuration.logEvery = 7
    configuration.logLevel = "debug"
    return configuration
}

/// A checkpoint with awkward numbers.
package func sampleCheckpoint(
    _ settings: TrainingConfiguration = .init(), step: Int = 1_234
) -> Checkpoint {
    var configuration = settings
    configuration.hidden = smallArchitecture.hiddenSize
    configuration.layers = smallArchitecture.layers
    configuration.seed = .max
    configuration.learningRate = 0.1 + 0.2
    let count = ParameterLayout(smallArchitecture).count
    let state = configuration.updateRule.stateVariables.enumerated().map { index, variable in
        (variable, Snapshot(randomMagnitudes(count, seed: UInt64(2 + index))))
    }
    return Checkpoint(
        configuration: configuration, architecture: smallArchitecture, dataDigest: "abc",
        step: step, epoch: 3, epochTally: Tally(examples: 7, correct: 3, loss: 1 / 3),
        seconds: 1e-7 / 3,
        parameters: Snapshot([-0.0, 0x1p-149] + randomMagnitudes(count - 2, seed: 1)),
        optimizerState: Dictionary(uniqueKeysWithValues: state))
}

/// Calls `body` with copies of `bytes` with one flipped bit, for every `step`th bit.
package func forEachFlippedBit(
    of bytes: [UInt8], every step: Int = 1, _ body: ([UInt8], _ bit: Int) throws -> Void
) rethrows {
    var damaged = bytes
    for bit in stride(from: 0, to: 8 * bytes.count, by: step) {
        damaged[bit / 8] ^= 1 << (bit % 8)
        try body(damaged, bit)
        damaged[bit / 8] ^= 1 << (bit % 8)
    }
}
