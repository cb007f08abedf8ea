import Protocol
import ZeroMQ

// What is sent to workers. What a peer's queue has no room for waits, and so does all behind it, until
// the peer takes more; a peer that takes nothing for too long is dropped.

extension CoordinatorSocket {
    /// How often it is tried to send what waits.
    private static let flushInterval = Duration.milliseconds(2)

    /// Sends a message, now or, if it is worth `waiting` for that, as soon as there is room.
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

    /// A peer cannot be reached any more: it is forgotten once what it said before it went is heard, its
    /// leave above all.
    private func forgetSoon(_ peer: PeerIdentity) {
        outboxes[peer] = nil
        later(.zero) { workers in
            workers.receive()
            workers.driver.handle { $0.connectionEnded(peer, now: $1) }
        }
    }
}
