import Protocol
import Training

/// All decisions of a coordinator: an event in, a list of effects out; no clock, socket or file.
///
/// Membership is the coordinator's alone. In each step every slot of the reduction tree has one
/// owner; a partial sum is accepted if it belongs to this step, counts what it must, and covers
/// nothing that is covered already. `Peer` is whatever the transport tells its peers apart by.
public struct CoordinatorMachine<Peer: Hashable & Sendable>: Sendable {
    let plan: BatchPlan
    var settings: CoordinatorSettings

    var members: [Member] = []
    var phase = Phase.gathering
    /// The steps made; also the number of the step under way.
    var step: Int
    /// Who computes each slot of the step under way, and which are done.
    var owners: [Peer?]
    var isCovered: [Bool]
    /// The members that the slots were last dealt to, in order.
    var dealtTo: [Peer] = []
    /// When the present wait for workers began, and when it was last spoken of.
    var waitingSince: Duration = .zero
    var lastNotice: Duration = .zero
    /// Whether this session has made or begun a step.
    var hasBegun = false
    var interruption: Int32?
    var droppedMessages = 0
    var mostWorkers = 0

    /// A worker that has joined.
    struct Member: Sendable {
        let peer: Peer
        let name: String
        /// The slots whose data it was last told to hold.
        var assigned: Range<Int>
        /// Whether it has all that data.
        var isReady = false
        /// The step whose weights it was last sent.
        var weightsOfStep: Int?
    }

    enum Phase: Sendable, Equatable {
        /// Waiting for enough workers to begin with.
        case gathering
        /// Waiting until they have their data.
        case distributing
        /// Making a step.
        case training
        /// Between two epochs, while the weights are tested.
        case evaluating
        /// Waiting until the workers, told that the run is over, have gone.
        case ending(Outcome, ticksLeft: Int)
        case finished
    }

    /// The machine of a run that has made `step` steps.
    public init(plan: BatchPlan, settings: CoordinatorSettings, step: Int) {
        self.plan = plan
        self.settings = settings
        self.step = step
        owners = Array(repeating: nil, count: plan.shards)
        isCovered = Array(repeating: false, count: plan.shards)
    }

    /// Whether there is nothing more to decide but when to close the doors.
    var isOver: Bool {
        switch phase {
        case .ending, .finished: true
        default: false
        }
    }

    /// The steps of the whole run.
    var totalSteps: Int { settings.epochs * plan.stepsPerEpoch }

    /// The workers that have joined.
    var peers: [Peer] { members.map(\.peer) }

    /// Whether a signal has asked to stop.
    var isInterrupted: Bool { interruption != nil }

    var readyMembers: [Member] { members.filter(\.isReady) }
}

/// What a coordinator's decisions depend on beside the plan.
public struct CoordinatorSettings: Sendable {
    /// What each worker is told.
    public var welcome: Welcome
    /// The epochs of the run.
    public var epochs: Int
    /// The workers that must have joined before training begins.
    public var minimumWorkers: Int
    /// The steps between checkpoints; 0 for those at an epoch's end alone.
    public var checkpointEvery: Int
    /// How long to wait for workers; nil for ever.
    public var joinTimeout: Duration?

    /// The settings of a run.
    public init(
        welcome: Welcome, epochs: Int, minimumWorkers: Int, checkpointEvery: Int,
        joinTimeout: Duration?
    ) {
        self.welcome = welcome
        self.epochs = epochs
        self.minimumWorkers = minimumWorkers
        self.checkpointEvery = checkpointEvery
        self.joinTimeout = joinTimeout
    }
}

/// What the coordinator must do next, in order.
public enum CoordinatorEffect<Peer: Hashable & Sendable>: Sendable, Equatable {
    /// Send a message without payload.
    case send(CoordinatorMessage, to: Peer)
    /// Send the examples that a worker asked for.
    case sendShardPart(Fetch, to: Peer)
    /// Send the weights of the step under way, asking for a range of slots.
    case sendWeights(SlotRange, to: Peer)
    /// Forget the sums of the step before and begin with this one.
    case beginStep(Int)
    /// Add the payload at hand; if it holds a number that is not finite, the run has diverged.
    case accumulate(PartialSumHeader)
    /// All slots are covered: average, update, and report back.
    case update(step: Int)
    /// Write the state between two steps.
    case checkpoint
    /// Test the weights at an epoch's end and report back.
    case evaluate
    /// Tell who wants to know.
    case report(RunEvent)
    /// End the run.
    case finish(Outcome)
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
    /// All worker processes of this machine have ended.
    case workersEnded(String)
    /// A file could not be written.
    case failed(FileError)
}
