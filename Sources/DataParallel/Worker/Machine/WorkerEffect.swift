import NeuralNetwork
import Protocol
import Reduction

/// An action that the worker must take; actions run in order.
public enum WorkerEffect: Sendable, Equatable {
    /// Send a message without payload.
    case send(WorkerMessage, RunID)
    /// Make lanes for the network and the data of a run.
    case prepare(Architecture, BatchPlan, seed: UInt64, labelSmoothing: Double)
    /// Discard the run's lanes and data.
    case reset
    /// Store the examples in the message's payload.
    case storeShardPart(ShardPart)
    /// Store the weights in the message's payload for the following computations.
    case loadWeights(WorkHeader)
    /// Compute the partial sums of a range of slots, and report back.
    case compute(Range<Int>, step: Int)
    /// Send the computed sums.
    case sendSums(step: Int, RunID)
    /// Discard the computed sums.
    case discardSums
    /// Report an event to the log.
    case report(WorkerEvent)
    /// End the worker.
    case finish(WorkerOutcome)
}
