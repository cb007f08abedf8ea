import Reduction

/// One optimizer update.
public struct StepReport: Sendable, Equatable {
    /// The epoch, counted from 1.
    public var epoch: Int
    /// The epochs of the run.
    public var epochs: Int
    /// The number of the step in its epoch, counted from 1.
    public var stepInEpoch: Int
    /// The number of steps in an epoch.
    public var stepsPerEpoch: Int
    /// The number of steps made in the run.
    public var step: Int
    /// The step's tally.
    public var tally: Tally
    /// The learning rate of this update.
    public var learningRate: Double
    /// The seconds of training so far, over all sessions of the run.
    public var seconds: Double
    /// The epoch's positions whose examples were used.
    public var positions: Range<Int>
    /// The parameters after the step.
    public var weights: StepWeights

    /// A report of one step.
    public init(
        epoch: Int, epochs: Int, stepInEpoch: Int, stepsPerEpoch: Int, step: Int, tally: Tally,
        learningRate: Double, seconds: Double, positions: Range<Int>, weights: StepWeights
    ) {
        self.epoch = epoch
        self.epochs = epochs
        self.stepInEpoch = stepInEpoch
        self.stepsPerEpoch = stepsPerEpoch
        self.step = step
        self.tally = tally
        self.learningRate = learningRate
        self.seconds = seconds
        self.positions = positions
        self.weights = weights
    }
}

/// Whether a step of an epoch, counted from 1, is logged: every `every`th, or the last one of a shorter epoch.
package func isLogged(step: Int, of stepsPerEpoch: Int, every: Int) -> Bool {
    step % min(every, stepsPerEpoch) == 0
}
