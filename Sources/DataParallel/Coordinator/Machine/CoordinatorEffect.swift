import Files
import Protocol
import RunEvents

/// What a coordinator's decisions depend on beside the plan.
public struct CoordinatorSettings: Sendable {
    /// What each worker is told.
    public var welcome: Welcome
    /// The epochs of the run.
    public var epochs: Int
    /// The workers that must be ready before training begins.
    public var workersToBegin: Int
    /// The workers below which training pauses.
    public var minimumWorkers: Int
    /// The steps between checkpoints; 0 for those at an epoch's end alone.
    public var checkpointEvery: Int
    /// How long to wait for workers before the first step of a session; nil for ever.
    public var joinTimeout: Duration?
    /// How long training may pause for want of workers; nil for ever.
    public var pauseTimeout: Duration?
    /// The least time after which a worker that makes no progress is dropped.
    public var answerTimeout: Duration
    /// How long a connection may be silent before it is cut.
    public var heartbeatTimeout: Duration
    /// How many examples a worker gets at a time.
    public var examplesPerPart = 1
    /// The share of the shard gradients that a second worker computes too, 0 to 1.
    public var audit = 0.0
    /// The share of the audits on which two workers agree that the coordinator computes all the same, lest
    /// accomplices have nothing to fear.
    public var recheck = 1.0 / 64
    /// What decides which they are; secret, lest a worker is honest only where it is audited.
    public var auditKey: UInt64 = 0
    /// The steps of an epoch that are logged, and so timed: see ``isLogged(step:of:every:)``.
    public var logEvery = 100
    /// The steps to be traced, counted from 1; nil for none.
    public var tracedSteps: ClosedRange<Int>?
    /// Whether another coordinator goes on with a run that is stopped, so that workers are not sent home.
    public var hasSuccessor = false

    /// The settings of a run.
    ///
    /// - Parameter workersToBegin: by default `minimumWorkers`.
    public init(
        welcome: Welcome, epochs: Int, workersToBegin: Int? = nil, minimumWorkers: Int,
        checkpointEvery: Int, joinTimeout: Duration?, pauseTimeout: Duration? = nil,
        answerTimeout: Duration = .seconds(30), heartbeatTimeout: Duration = .seconds(5)
    ) {
        self.welcome = welcome
        self.epochs = epochs
        self.workersToBegin = workersToBegin ?? minimumWorkers
        self.minimumWorkers = minimumWorkers
        self.checkpointEvery = checkpointEvery
        self.joinTimeout = joinTimeout
        self.pauseTimeout = pauseTimeout
        self.answerTimeout = answerTimeout
        self.heartbeatTimeout = heartbeatTimeout
    }
}

/// What the coordinator must do next, in order.
///
/// Effects are moved in and out of lists several times a step: those with much to say are kept elsewhere.
public enum CoordinatorEffect<Peer: Hashable & Sendable>: Sendable, Equatable {
    /// Send a message without payload.
    indirect case send(CoordinatorMessage, to: Peer)
    /// Send the examples that a worker asked for.
    indirect case sendShardPart(ShardPart, to: Peer)
    /// End the connection of a peer, and hear nothing more of it.
    case cutOff(Peer)
    /// Send the weights of the step under way, asking for ranges of slots.
    case sendWeights(SlotRanges, to: Peer)
    /// Forget the sums of the step before and begin with this one.
    case beginStep(Int)
    /// Compute the sums of slots here, with the weights of the step under way, and report back.
    case arbitrate(Range<Int>, step: Int)
    /// Go back to the newest state that was kept of this step or an earlier one, and report back.
    case rewind(noLaterThan: Int)
    /// All slots are covered: average, update, and report back.
    case update(step: Int)
    /// The update waits, until a checkpoint is written or the record has room.
    case hold
    /// Write the state as it is after the last update, and report back.
    case checkpoint
    /// Test the weights at an epoch's end and report back.
    case evaluate
    /// Tell who wants to know.
    indirect case report(RunEvent)
    /// End the run, once no checkpoint is being written.
    indirect case finish(Outcome)
}

/// What becomes of a partial sum, and what the coordinator must do next.
package enum SumDecision<Peer: Hashable & Sendable>: Sendable, Equatable {
    /// It is added to the sums of its step, before the effects are carried out.
    case add([CoordinatorEffect<Peer>])
    /// It is not.
    case ignore([CoordinatorEffect<Peer>])

    /// The same, with effects before the others.
    func after(_ effects: [CoordinatorEffect<Peer>]) -> Self {
        switch self {
        case .add(let others): .add(effects + others)
        case .ignore(let others): .ignore(effects + others)
        }
    }
}

/// How a run ends.
public enum Outcome: Sendable, Equatable {
    /// All epochs are done.
    case completed
    /// A signal ended it; it can be resumed.
    case interrupted(signal: Int32)
    /// A loss or a gradient is no longer finite.
    case diverged(step: Int)
    /// Nobody, or too few, joined in time.
    case tooFewWorkers(members: Int, needed: Int)
    /// Too many workers left, and not enough came in time; it can be resumed.
    case pausedTooLong(members: Int, needed: Int)
    /// All worker processes of this machine have ended.
    case workersEnded(String)
    /// A file could not be written.
    case failed(FileError)

    /// Whether the run comes to the same end if it is resumed.
    var isFinal: Bool {
        switch self {
        case .completed, .diverged: true
        case .interrupted, .tooFewWorkers, .pausedTooLong, .workersEnded, .failed: false
        }
    }
}
