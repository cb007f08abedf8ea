import Monitoring

/// A run's metrics over its steps.
public struct RunCurves: Sendable, Equatable {
    /// The mean loss of the logged steps' examples.
    public private(set) var trainLoss = Curve()
    /// The fraction of the logged steps' examples classified correctly.
    public private(set) var trainAccuracy = Curve()
    /// The mean loss on the test set after each epoch.
    public private(set) var testLoss = Curve()
    /// The fraction of the test set classified correctly after each epoch.
    public private(set) var testAccuracy = Curve()
    /// The learning rate of the logged updates.
    public private(set) var learningRate = Curve()
    /// The examples a second between logged steps.
    public private(set) var examplesPerSecond = Curve()
    /// The newest step in the metrics.
    public private(set) var step = 0
    /// Its epoch, counted from 1; 0 before the first.
    public private(set) var epoch = 0
    /// The seconds of training up to that step.
    public private(set) var seconds = 0.0
    /// When the newest line was written, in seconds since 1970; nil before the first.
    public private(set) var lastTime: Double?
    /// Whether the newest logged step's loss is finite.
    public private(set) var isLossFinite = true

    /// The curves of a run without steps.
    public init() {}

    /// Adds a line's values.
    package mutating func add(_ line: MetricsLine) {
        lastTime = line.time ?? lastTime
        if line.type == .epoch {
            testLoss.add(line.testLoss ?? .nan, at: line.step)
            testAccuracy.add(line.testAccuracy ?? .nan, at: line.step)
        } else {
            isLossFinite = line.loss != nil
            trainLoss.add(line.loss ?? .nan, at: line.step)
            trainAccuracy.add(line.accuracy ?? .nan, at: line.step)
            learningRate.add(line.learningRate ?? .nan, at: line.step)
            if let rate = line.examplesPerSecond(since: step, at: seconds) {
                examplesPerSecond.add(rate, at: line.step)
            }
        }
        (step, epoch, seconds) = (line.step, line.epoch, line.seconds)
    }
}
