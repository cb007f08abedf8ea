import Protocol
import ZeroMQ

// Sending. If a peer's queue is full, messages wait in order until the peer takes more; a peer that takes none
// for too long is dropped.

extension CoordinatorSocket {
    /// How often waiting messages are retried.
    private static let flushInterval = Duration.milliseconds(2)

    /// Sends a message now; if there is no room, queues it if `waiting` is true and drops it otherwise.
    func send(_ frames: [Frame], to peer: PeerIdentity, waiting: Bool) {
        if outboxes[peer] == nil {
            switch socket.send(frames, to: peer) {
            case .sent: return
            case .peerUnreachable: return forgetSoon(peer)
            case .full: break
            }
        }
        guard waiting else { return }
        outboxes[peer, default: Outbox()].add(frames, now: now)
        if !isFlushing { flushSoon() }
        if let count = outboxes[peer]?.count, count > Limits.mostWaiting {
            cutOff(peer, "it asks for more than it reads")
        }
    }

    private func flushSoon() {
        isFlushing = true
        later(Self.flushInterval) { $0.flush() }
    }

    private func flush() {
        for peer in Array(outboxes.keys) { flush(peer) }
        isFlushing = false
        if !outboxes.isEmpty { flushSoon() }
    }

    private func flush(_ peer: PeerIdentity) {
        guard var outbox = outboxes[peer] else { return }
        var isReachable = true
        outbox.flush(now: now) { frames in
            let result = socket.send(frames, to: peer)
            if result == .peerUnreachable { isReachable = false }
            return result == .sent
        }
        outboxes[peer] = outbox.isEmpty ? nil : outbox
        guard isReachable else { return forgetSoon(peer) }
        let wait = now - outbox.lastProgress
        if !outbox.isEmpty, wait > driver.machine.settings.answerTimeout {
            cutOff(peer, "it reads no messages: it took none for \(wait.text)")
        }
    }

    private func cutOff(_ peer: PeerIdentity, _ reason: String) {
        outboxes[peer] = nil
        driver.handle { $0.lose(peer, reason: reason, now: $1) }
        socket.cutOff(peer)
    }

    /// Removes an unreachable peer, after its last messages are handled, above all its leave.
    private func forgetSoon(_ peer: PeerIdentity) {
        outboxes[peer] = nil
        later(.zero) { workers in
            workers.receive()
            workers.driver.handle { $0.connectionEnded(peer, now: $1) }
        }
    }
}
