import NeuralNetwork
import Protocol
import Training

/// What a worker's decisions depend on.
public struct WorkerSettings: Sendable {
    /// How long to wait for a coordinator; nil for ever.
    public var joinTimeout: Duration?

    /// For drills of audits: after how many answers one is spoilt by a flipped bit; nil for never.
    public var answersToASpoiltOne: Int?

    /// For drills of slow workers: how long an answer is held back; nil for not at all.
    public var answerDelay: Duration?

    /// The settings of a worker.
    public init(
        joinTimeout: Duration?, answersToASpoiltOne: Int? = nil, answerDelay: Duration? = nil
    ) {
        self.joinTimeout = joinTimeout
        self.answersToASpoiltOne = answersToASpoiltOne
        self.answerDelay = answerDelay
    }
}

/// What the worker must do next, in order.
public enum WorkerEffect: Sendable, Equatable {
    /// Send a message without payload.
    case send(WorkerMessage, RunID)
    /// Make lanes for the network and the data of a run.
    case prepare(Architecture, BatchPlan, seed: UInt64, labelSmoothing: Double)
    /// Forget the run's lanes and data.
    case reset
    /// Keep the examples in the payload at hand.
    case storeShardPart(ShardPart)
    /// Keep the weights in the payload at hand for the computations to come.
    case loadWeights(WorkHeader)
    /// Compute the partial sums of a range of slots, and report back.
    case compute(Range<Int>, step: Int)
    /// Send what was computed.
    case sendSums(step: Int, RunID)
    /// Forget what was computed.
    case discardSums
    /// Tell the log.
    case report(WorkerEvent)
    /// End.
    case finish(WorkerOutcome)
}

/// Something that happened to a worker.
public enum WorkerEvent: Sendable, Equatable {
    /// It was taken in.
    case joined(RunID)
    /// Its coordinator is gone.
    case lost
    /// Its coordinator has dropped it, for this reason.
    case expelled(String)
    /// It waits for a coordinator; with the seconds so far.
    case waiting(seconds: Int, Contact)
    /// A message was dropped.
    case dropped(String)
    /// Its coordinator sent more bytes than these before they could be read, and was hung up on.
    case flooded(bytes: Int)
}

/// How far a worker has come with a coordinator that has not answered it.
public enum Contact: Sendable, Equatable {
    /// Nobody is there.
    case none
    /// The name of its machine cannot be resolved, for this reason.
    case unresolved(String)
    /// Somebody hangs up in the middle of the handshake, as one does who has another key.
    case turnedAway
    /// Somebody listens.
    case connected
}

/// How a worker ends.
public enum WorkerOutcome: Sendable, Equatable {
    /// The coordinator sent it home, for this reason.
    case dismissed(String)
    /// The coordinator did not take it in.
    case refused(String)
    /// No coordinator answered in time.
    case noCoordinator(Contact)
    /// A signal ended it.
    case interrupted(signal: Int32)
    /// The process that started it is gone.
    case orphaned
}
