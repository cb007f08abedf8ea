import Datasets
import Kernels
import NeuralNetwork
import Reduction

/// The environment of a ``WorkerDriver``: the connection to its coordinator, its lanes, a clock.
///
/// The program and the simulator each have one, so the simulator runs the same decisions, payload checks and
/// codecs that train.
package protocol WorkerWorld: AnyObject {
    /// A payload frame of a message.
    associatedtype Frame: PayloadFrame

    /// The time since the worker began; never decreases.
    var now: Duration { get }

    /// Whether sums that `send` has taken wait for the network, which further sums would make longer.
    var isSending: Bool { get }

    /// A frame of the gradients in a buffer, which belongs to the world until ``takeReturned()``.
    func lend(_ gradients: FloatBuffer) -> Frame
    /// The lent buffers that no frame uses any more.
    func takeReturned() -> [FloatBuffer]
    /// Sends a message; false if there is no room for it now.
    func send(_ header: [UInt8], _ payload: [Frame]) -> Bool
    /// Schedules a retry after a short wait; answered by `retry`.
    func retrySoon()

    /// Makes the lanes for the network and the data of a run.
    func makeLanes(
        _ architecture: Architecture, _ plan: BatchPlan, seed: UInt64, labelSmoothing: Double)
    /// Removes the lanes, even while they compute.
    func removeLanes()
    /// Starts a lane's computation of a part of a range; answered by `computed`.
    ///
    /// - Parameter spare: buffers of earlier sums for reuse.
    func compute(
        _ part: LanePart, weights: Frame, shards: [Int: Shard], spare: [FloatBuffer])

    /// Reports an event to the log.
    func report(_ event: WorkerEvent)
    /// Ends the worker.
    func finish(_ outcome: WorkerOutcome)
}
