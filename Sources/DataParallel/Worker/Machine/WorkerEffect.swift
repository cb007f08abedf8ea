import NeuralNetwork
import Protocol
import Reduction

/// What the worker must do next, in order.
public enum WorkerEffect: Sendable, Equatable {
    /// Send a message without payload.
    case send(WorkerMessage, RunID)
    /// Make lanes for the network and the data of a run.
    case prepare(Architecture, BatchPlan, seed: UInt64, labelSmoothing: Double)
    /// Forget the run's lanes and data.
    case reset
    /// Keep the examples in the payload of the message.
    case storeShardPart(ShardPart)
    /// Keep the weights in the payload of the message for the computations to come.
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
