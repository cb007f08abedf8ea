import DataParallel
import Files
import Glibc
import KernelInterface
import ModelFiles
import Protocol
import Reduction
import RunEvents

/// A world for a coordinator's driver in which a test or a fuzzer decides what arrives and when errands complete.
package final class ScriptedCoordinatorWorld<Peer: Hashable & Sendable>: CoordinatorWorld {
    package typealias Frame = VirtualFrame

    /// A slow operation, pending until the driver is notified.
    package enum Errand {
        case save(step: Int)
        case rewind
        case evaluate
        case arbitrate(Range<Int>, step: Int)
        case flush
    }

    package var now: Duration = .zero
    package var recordHasRoom = true
    /// The number of events after which the record cannot be written; nil for none.
    package var eventsUntilFailure: Int?
    /// The pending errands.
    package private(set) var errands: [Errand] = []
    package private(set) var events: [RunEvent] = []
    package private(set) var result: CoordinatorResult?
    /// Receives each operation that the driver starts, as the effect behind it.
    package var onAsk: (CoordinatorEffect<Peer>) -> Void = { _ in }
    /// Receives the sums that are added.
    package var onAdd: (PartialSumHeader) -> Void = { _ in }
    private var sent: [(message: CoordinatorMessage, peer: Peer)] = []
    private let plan: BatchPlan

    /// A world for a run with this plan.
    package init(_ plan: BatchPlan) { self.plan = plan }

    package func makeReduction(_ tree: TreeReduction<VirtualFrame>) -> CoveringReduction<Peer> {
        CoveringReduction(tree, plan, of: self)
    }

    package func send(
        _ header: [UInt8], _ payload: [VirtualFrame], to peer: Peer, waiting: Bool
    ) {
        let decoded = try? CoordinatorMessage.decode(header, payloadFrames: payload.count)
        guard let message = decoded?.message else {
            preconditionFailure("a coordinator sends what nobody understands")
        }
        sent.append((message, peer))
        switch message {
        case .weights(let work): onAsk(.sendWeights(work.ranges, to: peer))
        case .shardPart(let part):
            let count = plan.examples(inShard: part.shard)
            precondition(part.first + part.count <= count, "no such examples")
            onAsk(.sendShardPart(part, to: peer))
        default: onAsk(.send(message, to: peer))
        }
    }

    /// The messages sent since the last call.
    package func takeSent() -> [(message: CoordinatorMessage, peer: Peer)] {
        defer { sent = [] }
        return sent
    }

    package func silence(_ peer: Peer) { onAsk(.cutOff(peer)) }

    package func save(_ checkpoint: Checkpoint) {
        errands.append(.save(step: checkpoint.step))
        onAsk(.checkpoint)
    }

    package func rewind(noLaterThan step: Int) {
        errands.append(.rewind)
        onAsk(.rewind(noLaterThan: step))
    }

    package func evaluate(_ parameters: Snapshot) {
        errands.append(.evaluate)
        onAsk(.evaluate)
    }

    package func arbitrate(_ slots: Range<Int>, step: Int, _ parameters: Snapshot) {
        errands.append(.arbitrate(slots, step: step))
        onAsk(.arbitrate(slots, step: step))
    }

    package func flushRecord() { errands.append(.flush) }

    /// Removes and returns the first errand of a kind; the caller completes it.
    package func takeErrand(where isWanted: (Errand) -> Bool) -> Errand? {
        errands.firstIndex(where: isWanted).map { errands.remove(at: $0) }
    }

    package func record(_ event: RunEvent) throws(FileError) {
        // Timings do not depend on any decision.
        switch event {
        case .timing, .timed, .traced: return
        default: break
        }
        events.append(event)
        onAsk(.report(event))
        if let limit = eventsUntilFailure, events.count > limit {
            throw FileError(operation: "write", path: "record", code: EIO)
        }
    }

    package func finish(_ result: CoordinatorResult) {
        self.result = result
        onAsk(.finish(result.outcome))
    }
}
