/// Something that happened in a run and that a person or a program may want to know.
public enum RunEvent: Sendable, Equatable {
    /// A worker has joined.
    case joined(WorkerDescription, members: Int)
    /// A worker holds these shards from now on.
    case assigned(worker: String, shards: [Int])
    /// A worker is gone, or was dropped; with what it owed to the step under way, if there is one.
    case left(worker: String, reason: String, members: Int, owed: OwedWork?)
    /// A worker is late with sums; with what it was last known to do, and how often it was late.
    case late(worker: String, state: String, OwedWork, times: Int)
    /// A worker is too slow for any share: it takes so many seconds for one, and others usually so many.
    case standingBy(worker: String, seconds: Double, usual: Double)
    /// A worker that was too slow for any share is fast again, and gets one.
    case backFromStandby(worker: String)
    /// A worker was not taken in.
    case refused(peer: String, reason: String)
    /// The list of those who may join has changed; with how many are on it, and the names that are gone.
    case allowListChanged(workers: Int, removed: [String])
    /// The list of those who may join has changed and cannot be used.
    case allowListUnusable(String)
    /// A message was dropped; with how many of this member, or of all others, have been so far.
    case dropped(peer: String, reason: String, total: Int)
    /// Messages of peers that are no members were dropped unread, since there were too many.
    case flooded(messages: Int)
    /// A worker has computed the sums of shards wrongly; with how often it has by now.
    case wrong(worker: String, step: Int, shards: [Int], times: Int)
    /// Sums were used, from step `step` on, on which a worker that has computed wrongly and one other alone
    /// agree: they are wrong if both lie.
    case confirmedByWorkers(worker: String, step: Int)
    /// The run goes back, since sums from step `step` on cannot be trusted.
    case rewinding(step: Int)
    /// The run is where it was after `step` steps.
    case rewound(step: Int)
    /// Too few workers are left to go on after step `step`.
    case paused(members: Int, needed: Int, step: Int)
    /// Too few workers are here; with the seconds waited so far.
    case waiting(members: Int, needed: Int, seconds: Int)
    /// The first step begins without workers that did not get ready, for so long after enough had.
    case beginningWithout(workers: [String], seconds: Double)
    /// Steps are being made.
    case training(workers: Int, fromStep: Int)
    /// A step has been made.
    case step(StepReport)
    /// Where the time of a logged step went, which is told of next.
    case timed(StepTiming)
    /// About a second has passed in which steps were made.
    case timing(TimingReport)
    /// A step has ended that was to be traced.
    case traced(StepTrace)
    /// An epoch has ended and its weights were tested.
    case epoch(EpochReport)
    /// A checkpoint has been written; whether a signal has asked for it.
    case checkpoint(path: String, step: Int, isRequested: Bool)
    /// A signal asks for a checkpoint; whether that of the last step is there already.
    case checkpointRequested(signal: String, step: Int, isKept: Bool)
    /// A signal asks the run to stop after this step.
    case stopping(signal: String)
}

/// A worker as it introduced itself.
public struct WorkerDescription: Sendable, Equatable {
    /// Host and process, such as `node3:4711`.
    public var name: String
    /// Where it dials from; nil on a local socket.
    public var address: String?
    /// The lanes it computes on.
    public var lanes: Int
    /// The instruction set of its kernels.
    public var kernels: String

    /// A worker's description.
    public init(name: String, address: String?, lanes: Int, kernels: String) {
        self.name = name
        self.address = address
        self.lanes = lanes
        self.kernels = kernels
    }
}

/// Sums that a step has waited for.
public struct OwedWork: Sendable, Equatable {
    /// The step, counted from 1.
    public var step: Int
    /// The shards whose sums are missing.
    public var shards: [Int]
    /// The seconds since they were asked for.
    public var seconds: Double
    /// The workers that were asked for them now.
    public var helpers: [String]

    /// Sums that a step has waited for.
    public init(step: Int, shards: [Int], seconds: Double, helpers: [String]) {
        self.step = step
        self.shards = shards
        self.seconds = seconds
        self.helpers = helpers
    }
}

/// One optimizer update.
public struct StepReport: Sendable, Equatable {
    /// The epoch, counted from 1.
    public var epoch: Int
    /// The epochs of the run.
    public var epochs: Int
    /// The step in its epoch, counted from 1.
    public var stepInEpoch: Int
    /// The steps of an epoch.
    public var stepsPerEpoch: Int
    /// The steps made in the run.
    public var step: Int
    /// The step's examples, hits and summed loss.
    public var tally: Tally
    /// The rate of this update.
    public var learningRate: Double
    /// The seconds of training so far, over all sessions of the run.
    public var seconds: Double
    /// The epoch's positions whose examples were summed.
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

/// Whether a step of an epoch, counted from 1, is logged: each `every`th, or the last one of a shorter epoch.
package func isLogged(step: Int, of stepsPerEpoch: Int, every: Int) -> Bool {
    step % min(every, stepsPerEpoch) == 0
}

/// Who wants to know what happens in a run.
public protocol RunObserver {
    /// Takes note of an event.
    ///
    /// It never waits for a disk or a reader.
    ///
    /// - Throws: ``FileError`` if an earlier event could not be written down, which ends the run.
    func record(_ event: RunEvent) throws(FileError)

    /// Calls `completion`, on any thread, once all events so far are written down, or with the error that
    /// kept one from it.
    func flush(then completion: @escaping @Sendable (FileError?) -> Void)

    /// Whether what waits to be written down takes so little memory that another step may be made.
    var hasRoom: Bool { get }
}

/// Whether the `count`th of a kind of event that others can bring about at will is worth a line: the
/// first ten are, and then, lest a flood fill the disk, each power of two.
public func isWorthTelling(_ count: Int) -> Bool { count <= 10 || count & (count - 1) == 0 }
