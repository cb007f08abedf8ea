import RunEvents

/// A run's status for programs, as in `/status.json` and in `tern top` without a terminal.
///
/// An unknown or non-finite number is left out or null.
public struct RunStatus: Encodable, Sendable {
    /// The name of the run's folder.
    public var run: String
    /// The current time, in seconds since 1970.
    public var time: Double
    /// The run's state.
    public var state: RunState
    /// Why it ended, unless it completed.
    public var reason: String?
    /// The steps made.
    public var step: Int
    /// The steps of the whole run.
    public var totalSteps: Int?
    /// The current epoch, counted from 1.
    public var epoch: Int
    /// The seconds of training, over all sessions.
    public var seconds: Double
    /// The estimated seconds for the remaining steps.
    public var secondsLeft: Double?
    /// The examples a second.
    public var examplesPerSecond: Double?
    /// The mean loss of the newest logged step.
    public var trainLoss: Double?
    /// The fraction of the newest logged step's examples classified correctly.
    public var trainAccuracy: Double?
    /// The mean loss on the test set after the newest epoch.
    public var testLoss: Double?
    /// The fraction of the test set classified correctly after the newest epoch.
    public var testAccuracy: Double?
    /// The learning rate of the newest logged update.
    public var learningRate: Double?
    /// The bottleneck of the run.
    public var bound: String?
    /// The time per phase in the newest second, in seconds.
    public var phases: TimingReport.Phases?
    /// The number of current workers.
    public var members: Int
    /// The number of workers that training needs.
    public var needed: Int?
    /// How often each kind of event happened.
    public var counts: RunHistory.Counts
    /// The workers.
    public var workers: [WorkerView]
    /// SHA-256 over the parameters at the end.
    public var weights: String?
    /// The number of unreadable lines.
    public var skippedLines: Int
    /// Whether the files have more than was read so far.
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
