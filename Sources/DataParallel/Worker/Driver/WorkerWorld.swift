import Datasets
import Kernels
import NeuralNetwork
import Reduction

/// What a ``WorkerDriver`` acts on: the connection to its coordinator, its lanes, a clock.
///
/// The program and the simulator each have one, so the decisions, the checks of payloads and the codecs that are
/// simulated are those that train.
package protocol WorkerWorld: AnyObject {
    /// What messages carry beside their header.
    associatedtype Frame: PayloadFrame

    /// The time since the worker began; never goes back.
    var now: Duration { get }

    /// Sends a message; false if there is no room for it now.
    func send(_ header: [UInt8], _ payload: [Frame]) -> Bool
    /// Waits until there may be room again; answered by `retry`.
    func retrySoon()

    /// Makes the lanes for the network and the data of a run.
    func makeLanes(
        _ architecture: Architecture, _ plan: BatchPlan, seed: UInt64, labelSmoothing: Double)
    /// Takes the lanes away, whatever they do.
    func removeLanes()
    /// Lets a lane compute a part of a range; answered by `computed`.
    ///
    /// - Parameter spare: buffers of earlier sums, to be used again.
    func compute(
        _ part: LanePart, weights: Frame, shards: [Int: Shard], spare: [FloatBuffer])

    /// Tells the log.
    func report(_ event: WorkerEvent)
    /// The worker's work is over.
    func finish(_ outcome: WorkerOutcome)
}
