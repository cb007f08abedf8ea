import Files
import Protocol
import RunEvents

/// The settings on which a coordinator's decisions depend, in addition to the plan.
public struct CoordinatorSettings: Sendable {
    /// The message that each joining worker gets.
    public var welcome: Welcome
    /// The epochs of the run.
    public var epochs: Int
    /// The workers that must be ready before training begins.
    public var workersToBegin: Int
    /// The workers below which training pauses.
    public var minimumWorkers: Int
    /// The steps between checkpoints; 0 for checkpoints at epoch ends only.
    public var checkpointEvery: Int
    /// How long to wait for workers before the first step of a session; nil for no limit.
    public var joinTimeout: Duration?
    /// How long training may pause with too few workers; nil for no limit.
    public var pauseTimeout: Duration?
    /// The least time after which a worker that makes no progress is dropped.
    public var answerTimeout: Duration
    /// How long a connection may be silent before it is cut.
    public var heartbeatTimeout: Duration
    /// How many examples one shard part holds.
    public var examplesPerPart = 1
    /// The fraction of the shard gradients that a second worker computes too, 0 to 1.
    public var audit = 0.0
    /// The fraction of agreements between two workers that the coordinator rechecks, to deter accomplices.
    public var recheck = 1.0 / 64
    /// The secret seed that chooses audits; a worker that knew it could be honest only when audited.
    public var auditKey: UInt64 = 0
    /// The interval of the steps that are logged, and so timed: see ``isLogged(step:of:every:)``.
    public var logEvery = 100
    /// The steps to trace, counted from 1; nil for none.
    public var tracedSteps: ClosedRange<Int>?
    /// Whether another coordinator resumes a stopped run, so that workers are not told to stop.
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

/// An action that the coordinator must take; actions run in order.
///
/// Effects move in and out of lists several times a step, so large payloads are indirect.
public enum CoordinatorEffect<Peer: Hashable & Sendable>: Sendable, Equatable {
    /// Send a message without payload.
    indirect case send(CoordinatorMessage, to: Peer)
    /// Send the examples that a worker requested.
    indirect case sendShardPart(ShardPart, to: Peer)
    /// End a peer's connection and ignore further messages of it.
    case cutOff(Peer)
    /// Send the weights of the current step with a request for ranges of slots.
    case sendWeights(SlotRanges, to: Peer)
    /// Discard the sums of the step before and begin this one.
    case beginStep(Int)
    /// Compute the sums of slots locally with the current step's weights, and report back.
    case arbitrate(Range<Int>, step: Int)
    /// Go back to the newest kept state of this step or an earlier one, and report back.
    case rewind(noLaterThan: Int)
    /// All slots are covered: average, update, and report back.
    case update(step: Int)
    /// Hold the update until a checkpoint is written or the record has room.
    case hold
    /// Write the state after the last update, and report back.
    case checkpoint
    /// Test the weights at an epoch's end and report back.
    case evaluate
    /// Report an event to the observers.
    indirect case report(RunEvent)
    /// End the run, once no checkpoint is being written.
    indirect case finish(Outcome)
}

/// Whether a partial sum is used, and what the coordinator must do next.
package enum SumDecision<Peer: Hashable & Sendable>: Sendable, Equatable {
    /// Add it to the sums of its step, before the effects are carried out.
    case add([CoordinatorEffect<Peer>])
    /// Do not add it.
    case ignore([CoordinatorEffect<Peer>])

    /// The same decision, with `effects` before its own.
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
    /// A signal ended the run; it can be resumed.
    case interrupted(signal: Int32)
    /// A loss or a gradient is not finite.
    case diverged(step: Int)
    /// Too few workers joined in time.
    case tooFewWorkers(members: Int, needed: Int)
    /// Too many workers left, and not enough joined in time; the run can be resumed.
    case pausedTooLong(members: Int, needed: Int)
    /// All worker processes of this machine have ended.
    case workersEnded(String)
    /// A file could not be written.
    case failed(FileError)

    /// Whether a resumed run would end the same way.
    var isFinal: Bool {
        switch self {
        case .completed, .diverged: true
        case .interrupted, .tooFewWorkers, .pausedTooLong, .workersEnded, .failed: false
        }
    }
}
