import Files
import Kernels
import ModelFiles
import RunEvents

/// What a ``CoordinatorDriver`` acts on: the network, the disk, a clock.
///
/// The program and the simulator each have one, so the decisions, the reduction and the codecs that are simulated
/// are those that train. What takes time is answered later, by the driver's method of the same subject.
package protocol CoordinatorWorld: AnyObject {
    /// What tells peers apart.
    associatedtype Peer: Hashable & Sendable
    /// What messages carry beside their header.
    associatedtype Frame: PayloadFrame
    /// What adds partial sums up.
    associatedtype Reduction: GradientReduction where Reduction.Frame == Frame

    /// The reduction of a run, made of the one that trains.
    func makeReduction(_ tree: TreeReduction<Frame>) -> Reduction

    /// The time since the coordinator began; never goes back.
    var now: Duration { get }

    /// Sends a message, now or, if it is worth `waiting` for that, as soon as the peer has room.
    func send(_ header: [UInt8], _ payload: [Frame], to peer: Peer, waiting: Bool)
    /// Ends the connection of a peer, and hears nothing more of it.
    func silence(_ peer: Peer)

    /// Writes a checkpoint once the record has all steps that it covers; answered by `saved`.
    func save(_ checkpoint: Checkpoint)
    /// Removes the checkpoints of later steps; answered by `rewound`.
    func rewind(noLaterThan step: Int)
    /// Tests the parameters; answered by `evaluated`.
    func evaluate(_ parameters: Snapshot)
    /// Computes slots with the parameters, which stay as they are until then; answered by `arbitrated`.
    func arbitrate(_ slots: Range<Int>, step: Int, _ parameters: Snapshot)

    /// Takes note of an event; never waits.
    ///
    /// - Throws: ``FileError`` if an earlier event could not be written down.
    func record(_ event: RunEvent) throws(FileError)
    /// Whether what waits to be written down leaves memory for another step.
    var recordHasRoom: Bool { get }
    /// Writes down all events so far; answered by `recordIsFlushed`.
    func flushRecord()

    /// The run is over, and nothing is being written any more.
    func finish(_ result: CoordinatorResult)
}
