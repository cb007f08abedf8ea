import Protocol

// What the transport reports about payloads in blocks: whether to put a sum together, and how it goes on.

extension CoordinatorDriver {
    /// Whether a sum with this header may arrive in blocks.
    package func mayBegin(_ header: [UInt8], from peer: World.Peer) -> Bool {
        guard
            case (.partialSum, let run)? = try? WorkerMessage.decode(header, payloadFrames: 1)
        else { return false }
        return run == self.run && machine.awaitsSum(of: peer)
    }

    /// Handles a block that a member has sent, if `isSender`, or taken.
    package func noteProgress(of peer: World.Peer, isSender: Bool) {
        machine.noteProgress(of: peer, isSender: isSender, now: world.now)
    }

    /// Handles a sum that its sender began but does not complete.
    package func countIncompleteSum(of peer: World.Peer) {
        machine.countIncompleteSum(of: peer)
    }

    /// Drops a sum of which a block of `byteCount` bytes was wrong.
    package func dropIncompleteSum(of peer: World.Peer, _ reason: String, byteCount: Int) {
        machine.countIncompleteSum(of: peer)
        let cost = Accounts.cost(headerBytes: 0, payloadBytes: byteCount)
        perform([machine.drop(peer, reason, cost: cost)])
    }
}
