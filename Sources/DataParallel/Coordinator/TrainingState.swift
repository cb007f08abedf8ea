import Kernels
import NeuralNetwork
import Optimizers
import Training

/// What a run has come to: the values that each step changes.
struct TrainingState {
    let configuration: TrainingConfiguration
    let architecture: Architecture
    let dataDigest: String
    let stepsPerEpoch: Int
    let kernels: any KernelSet.Type
    /// The parameters, which the update changes in place.
    let parameters: FloatBuffer
    var optimizer: Optimizer
    /// The steps made.
    var step = 0
    /// What the steps of the current epoch have added up to.
    var epochTally = Tally()

    /// The state of a run before its first step, or at a checkpoint.
    init(_ job: Job, resuming checkpoint: Checkpoint?) {
        configuration = job.configuration
        architecture = job.architecture
        dataDigest = job.dataDigest
        stepsPerEpoch = job.plan.stepsPerEpoch
        kernels = job.kernels
        guard let checkpoint else {
            let layout = ParameterLayout(architecture)
            parameters =
                job.initialParameters.map { FloatBuffer(copying: $0) }
                ?? layout.initialParameters(
                    for: architecture, seed: configuration.seed, configuration.initialization)
            optimizer = Optimizer(configuration.updateRule, count: layout.count, kernels: kernels)
            return
        }
        parameters = FloatBuffer(copying: checkpoint.parameters)
        optimizer = Optimizer(
            configuration.updateRule, steps: checkpoint.step,
            state: checkpoint.optimizerState.mapValues { FloatBuffer(copying: $0) },
            kernels: kernels)
        step = checkpoint.step
        epochTally = checkpoint.epochTally
    }

    /// The rate of the next update.
    var learningRate: Double {
        configuration.learningRate(step: step, stepsPerEpoch: stepsPerEpoch)
    }

    /// Averages a step's summed gradients, clips them and updates the parameters.
    ///
    /// - Returns: whether all went well; if not, some gradient is not finite and nothing is changed.
    mutating func update(_ sum: PartialSum) -> Bool {
        kernels.divide(sum.gradients.vector, by: Float(sum.tally.examples))
        let limit = configuration.clipNorm > 0 ? configuration.clipNorm : .infinity
        let norm = clipNorm(sum.gradients, to: limit, kernels: kernels)
        guard norm.isFinite, sum.tally.loss.isFinite else { return false }
        optimizer.update(parameters, gradients: sum.gradients, learningRate: learningRate)
        step += 1
        epochTally += sum.tally
        return true
    }

    /// Whether all parameters are finite.
    var isFinite: Bool { parameters.withBytes { kernels.isFinite(payload: $0) } }

    /// A copy of all that is needed to go on from here.
    func checkpoint(seconds: Double) -> Checkpoint {
        Checkpoint(
            configuration: configuration, architecture: architecture, dataDigest: dataDigest,
            step: step, epoch: (step + stepsPerEpoch - 1) / stepsPerEpoch,
            epochTally: epochTally, seconds: seconds,
            parameters: FloatBuffer(copying: parameters),
            optimizerState: optimizer.state.mapValues { FloatBuffer(copying: $0) })
    }
}
