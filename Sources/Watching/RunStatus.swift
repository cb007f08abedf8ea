import Training

/// A run as programs read it: what `/status.json` and `tern top` in a pipe tell.
///
/// A number that is not known, or not finite, is left out or null.
public struct RunStatus: Encodable, Sendable {
    /// The name of the run's folder.
    public var run: String
    /// The moment, in seconds since 1970.
    public var time: Double
    /// What it does.
    public var state: RunState
    /// Why it ended, where it did not complete.
    public var reason: String?
    /// The steps made, and those of the whole run.
    public var step: Int
    /// The steps of the whole run.
    public var totalSteps: Int?
    /// The epoch under way, counted from 1.
    public var epoch: Int
    /// The seconds of training, over all sessions.
    public var seconds: Double
    /// The seconds that the steps left will take.
    public var secondsLeft: Double?
    /// The examples a second.
    public var examplesPerSecond: Double?
    /// The newest logged numbers.
    public var trainLoss: Double?
    /// The share of the newest logged step's examples that was classified rightly.
    public var trainAccuracy: Double?
    /// The mean loss on the test set after the newest epoch.
    public var testLoss: Double?
    /// The share of the test set that was classified rightly after the newest epoch.
    public var testAccuracy: Double?
    /// The rate of the newest logged update.
    public var learningRate: Double?
    /// What bounds the run.
    public var bound: String?
    /// Where the time of the newest second went, in seconds.
    public var phases: TimingReport.Phases?
    /// The workers that are here, and that training needs.
    public var members: Int
    /// The workers that training needs.
    public var needed: Int?
    /// How often things have happened.
    public var counts: RunHistory.Counts
    /// The workers.
    public var workers: [WorkerView]
    /// SHA-256 over the parameters at the end.
    public var weights: String?
    /// The lines that could not be read.
    public var skippedLines: Int
    /// Whether there is more in the files than was read so far.
    public var isBehind: Bool
    /// Why a file could not be read.
    public var problems: [String]

    /// The status of a run.
    public init(_ view: RunView) {
        run = view.name
        time = view.now
        state = view.state
        reason = view.history.reason
        step = view.step
        totalSteps = view.totalSteps
        epoch = view.epoch
        seconds = view.seconds
        secondsLeft = view.secondsLeft
        examplesPerSecond = view.examplesPerSecond
        trainLoss = view.curves.trainLoss.last
        trainAccuracy = view.curves.trainAccuracy.last
        testLoss = view.curves.testLoss.last
        testAccuracy = view.curves.testAccuracy.last
        learningRate = view.curves.learningRate.last
        bound = view.state.isOver ? nil : view.timing?.bound
        phases = view.state.isOver ? nil : view.timing?.phases
        members = view.history.members
        needed = view.history.needed
        counts = view.history.counts
        workers = view.history.workers
        weights = view.summary?.weightsSHA256
        skippedLines = view.skippedLines
        isBehind = view.isBehind
        problems = view.problems
    }
}
