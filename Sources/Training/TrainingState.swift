import Kernels
import ModelFiles
import NeuralNetwork
import Optimizers
import Reduction
import RunEvents
import Settings

/// What a run has come to: the values that each step changes.
public struct TrainingState {
    private let configuration: TrainingConfiguration
    private let architecture: Architecture
    private let dataDigest: String
    private let stepsPerEpoch: Int
    private let kernels: any KernelSet.Type
    /// The parameters, which the update changes in place.
    public let parameters: FloatBuffer
    private var optimizer: Optimizer
    /// The steps made.
    public private(set) var step = 0
    /// What the steps of the epoch that the last step belongs to have added up to.
    public private(set) var epochTally = Tally()

    /// The state of a run before its first step, or at a checkpoint.
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

    /// The rate of the next update.
    public var learningRate: Double {
        configuration.learningRate(step: step, stepsPerEpoch: stepsPerEpoch)
    }

    /// Averages a step's summed gradients, clips them and updates the parameters.
    ///
    /// - Returns: whether all went well; if not, some gradient is not finite and nothing is changed.
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

    /// The report of the step that was just made.
    ///
    /// Its positions are those that were summed, in this session and those before: a step that had
    /// used too many examples, or too few, would show in all that follow.
    /// - Parameters:
    ///   - tally: what the step summed.
    ///   - learningRate: the rate of its update.
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

    /// A copy of the parameters, which the next update does not change.
    public var snapshot: Snapshot { Snapshot(copying: parameters) }

    /// A copy of all that is needed to go on from here.
    public func checkpoint(seconds: Double) -> Checkpoint {
        Checkpoint(
            configuration: configuration, architecture: architecture, dataDigest: dataDigest,
            step: step, epoch: (step + stepsPerEpoch - 1) / stepsPerEpoch,
            epochTally: epochTally, seconds: seconds,
            parameters: snapshot,
            optimizerState: optimizer.state)
    }
}
