import Files
import Kernels
import ModelFiles
import RunEvents

/// The environment of a ``CoordinatorDriver``: network, disk and clock.
///
/// The program and the simulator each have one, so the simulator runs the same decisions, reduction and codecs
/// that train. Slow operations return at once; the driver's method of the same subject handles their result.
package protocol CoordinatorWorld: AnyObject {
    /// Identifies a peer.
    associatedtype Peer: Hashable & Sendable
    /// A payload frame of a message.
    associatedtype Frame: PayloadFrame
    /// Adds partial sums.
    associatedtype Reduction: GradientReduction where Reduction.Frame == Frame

    /// Makes the reduction of a run from the one that trains.
    func makeReduction(_ tree: TreeReduction<Frame>) -> Reduction

    /// The time since the coordinator began; never decreases.
    var now: Duration { get }

    /// Sends a message now; if the peer has no room, queues it if `waiting` is true and drops it otherwise.
    func send(_ header: [UInt8], _ payload: [Frame], to peer: Peer, waiting: Bool)
    /// Ends a peer's connection and ignores its further messages.
    func silence(_ peer: Peer)

    /// Writes a checkpoint after the record holds all steps that it covers; answered by `saved`.
    func save(_ checkpoint: Checkpoint)
    /// Removes the checkpoints of later steps; answered by `rewound`.
    func rewind(noLaterThan step: Int)
    /// Tests the parameters; answered by `evaluated`.
    func evaluate(_ parameters: Snapshot)
    /// Computes slots with the parameters, which do not change until then; answered by `arbitrated`.
    func arbitrate(_ slots: Range<Int>, step: Int, _ parameters: Snapshot)

    /// Records an event without blocking.
    ///
    /// - Throws: ``FileError`` if an earlier event could not be written.
    func record(_ event: RunEvent) throws(FileError)
    /// Whether the record's queue leaves memory for another step.
    var recordHasRoom: Bool { get }
    /// Writes all events so far to disk; answered by `recordIsFlushed`.
    func flushRecord()

    /// Ends the run, after all writes.
    func finish(_ result: CoordinatorResult)
}
