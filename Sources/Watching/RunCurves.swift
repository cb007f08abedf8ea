import Monitoring

/// How a run's numbers changed over its steps.
public struct RunCurves: Sendable, Equatable {
    /// The mean loss of the logged steps' examples.
    public private(set) var trainLoss = Curve()
    /// The share of the logged steps' examples that was classified rightly.
    public private(set) var trainAccuracy = Curve()
    /// The mean loss on the test set after each epoch.
    public private(set) var testLoss = Curve()
    /// The share of the test set that was classified rightly after each epoch.
    public private(set) var testAccuracy = Curve()
    /// The rate of the logged updates.
    public private(set) var learningRate = Curve()
    /// The examples a second from one logged step to the next.
    public private(set) var examplesPerSecond = Curve()
    /// The newest step that is told of.
    public private(set) var step = 0
    /// Its epoch, counted from 1; 0 before the first.
    public private(set) var epoch = 0
    /// The seconds of training until then.
    public private(set) var seconds = 0.0
    /// When the newest line was written, in seconds since 1970; nil before the first.
    public private(set) var lastTime: Double?
    /// Whether the loss of the newest logged step is a finite number.
    public private(set) var isLossFinite = true

    /// The curves of a run that has made no step.
    public init() {}

    /// Adds what a line says.
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
