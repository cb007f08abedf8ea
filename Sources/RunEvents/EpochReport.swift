import Reduction

/// One pass over the training data, and how the weights then did on the test data.
public struct EpochReport: Sendable, Equatable {
    /// The epoch, counted from 1.
    public var epoch: Int
    /// The epochs of the run.
    public var epochs: Int
    /// The steps made in the run.
    public var step: Int
    /// What the epoch's steps added up to, each with the weights of its time.
    public var train: Tally
    /// The test set's examples, hits and summed loss.
    public var test: Tally
    /// The seconds of training so far, over all sessions of the run.
    public var seconds: Double
    /// The training examples a second in this epoch's part of this session.
    public var examplesPerSecond: Double
    /// How the test went in detail; nil where nobody looked.
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
