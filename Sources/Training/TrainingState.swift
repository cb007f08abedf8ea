import Kernels
import ModelFiles
import NeuralNetwork
import Optimizers
import Reduction
import RunEvents
import Settings

/// The state of a run: the values that each step changes.
public struct TrainingState {
    private let configuration: TrainingConfiguration
    private let architecture: Architecture
    private let dataDigest: String
    private let stepsPerEpoch: Int
    private let kernels: any KernelSet.Type
    /// The parameters; each update changes them in place.
    public let parameters: FloatBuffer
    private var optimizer: Optimizer
    /// The number of steps made.
    public private(set) var step = 0
    /// The tally of the steps so far in the last step's epoch.
    public private(set) var epochTally = Tally()

    /// The state before the first step, or at a checkpoint.
    public init(_ job: Job, resuming checkpoint: Checkpoint?) {
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
            state: checkpoint.optimizerState,
            kernels: kernels)
        step = checkpoint.step
        epochTally = checkpoint.epochTally
    }

    /// The learning rate of the next update.
    public var learningRate: Double {
        configuration.learningRate(step: step, stepsPerEpoch: stepsPerEpoch)
    }

    /// Averages a step's summed gradients, clips them and updates the parameters.
    ///
    /// - Returns: true if all gradients and the loss are finite; false if not, and then the parameters are unchanged.
    public mutating func update(_ sum: PartialSum) -> Bool {
        kernels.divide(sum.gradients.vector, by: Float(sum.tally.examples))
        let limit = configuration.clipNorm > 0 ? configuration.clipNorm : .infinity
        let norm = clipNorm(sum.gradients, to: limit, kernels: kernels)
        guard norm.isFinite, sum.tally.loss.isFinite else { return false }
        optimizer.update(parameters, gradients: sum.gradients, learningRate: learningRate)
        if step % stepsPerEpoch == 0 { epochTally = Tally() }
        step += 1
        epochTally += sum.tally
        return true
    }

    /// The report of the last step.
    ///
    /// Its positions derive from the count of examples summed in all sessions: a step with too many or too
    /// few examples would shift all later ones.
    /// - Parameters:
    ///   - tally: the step's tally.
    ///   - learningRate: the learning rate of its update.
    ///   - seconds: the seconds of training so far.
    ///   - weights: the parameters.
    public func report(
        _ tally: Tally, learningRate: Double, seconds: Double, weights: StepWeights
    ) -> StepReport {
        let last = step - 1
        return StepReport(
            epoch: last / stepsPerEpoch + 1, epochs: configuration.epochs,
            stepInEpoch: last % stepsPerEpoch + 1, stepsPerEpoch: stepsPerEpoch, step: step,
            tally: tally, learningRate: learningRate, seconds: seconds,
            positions: epochTally.examples - tally.examples..<epochTally.examples,
            weights: weights)
    }

    /// Whether all parameters are finite.
    public var isFinite: Bool { parameters.withBytes { kernels.isFinite(payload: $0) } }

    /// A copy of the parameters that later updates do not change.
    public var snapshot: Snapshot { Snapshot(copying: parameters) }

    /// A copy of everything that is needed to resume from here.
    public func checkpoint(seconds: Double) -> Checkpoint {
        Checkpoint(
            configuration: configuration, architecture: architecture, dataDigest: dataDigest,
            step: step, epoch: (step + stepsPerEpoch - 1) / stepsPerEpoch,
            epochTally: epochTally, seconds: seconds,
            parameters: snapshot,
            optimizerState: optimizer.state)
    }
}
