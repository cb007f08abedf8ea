import Reduction

/// One pass over the training data, and the test of the weights after it.
public struct EpochReport: Sendable, Equatable {
    /// The epoch, counted from 1.
    public var epoch: Int
    /// The epochs of the run.
    public var epochs: Int
    /// The number of steps made in the run.
    public var step: Int
    /// The tally of the epoch's steps, each with the weights of its time.
    public var train: Tally
    /// The test set's tally.
    public var test: Tally
    /// The seconds of training so far, over all sessions of the run.
    public var seconds: Double
    /// The training examples per second in this session's part of the epoch.
    public var examplesPerSecond: Double
    /// The details of the test; nil if nobody asked for them.
    public var detail: TestDetail?

    /// A report of one epoch.
    public init(
        epoch: Int, epochs: Int, step: Int, train: Tally, test: Tally, seconds: Double,
        examplesPerSecond: Double
    ) {
        self.epoch = epoch
        self.epochs = epochs
        self.step = step
        self.train = train
        self.test = test
        self.seconds = seconds
        self.examplesPerSecond = examplesPerSecond
    }
}
