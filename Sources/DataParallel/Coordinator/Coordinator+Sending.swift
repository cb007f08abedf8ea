import Protocol
import Training
import ZeroMQ

// What is sent to workers. What a peer's queue has no room for waits, and so does all behind it, until
// the peer takes more; a peer that takes nothing for too long is given up.

extension Coordinator {
    /// How often it is tried to send what waits.
    private static let flushInterval = Duration.milliseconds(2)

    func send(_ message: CoordinatorMessage, to peer: PeerIdentity) {
        switch message {
        case .welcome: timing.join(peer, name: machine.name(of: peer) ?? "")
        case .compute(let work): timing.ask(peer, slots: work.ranges.slotCount, bytes: 0)
        case .ping: timing.ping(peer, at: now)
        default: break
        }
        // Said again a second later, and if there is no room the peer is known to be connected.
        let isRepeated =
            switch message {
            case .ping, .expel: true
            default: false
            }
        send([Frame(message.header(run: run))], to: peer, waiting: !isRepeated)
    }

    /// Sends a message, now or, if it is worth `waiting` for that, as soon as there is room.
    func send(_ frames: [Frame], to peer: PeerIdentity, waiting: Bool = true) {
        timing.sent(frames.reduce(0) { $0 + $1.count }, to: peer)
        transmit(frames, to: peer, waiting: waiting)
    }

    /// Sends a message that the clock knows of.
    func transmit(_ frames: [Frame], to peer: PeerIdentity, waiting: Bool = true) {
        guard let socket else { return }
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
        thread.schedule(after: Self.flushInterval) { self.assumeIsolated { $0.flush() } }
    }

    private func flush() {
        for peer in Array(outboxes.keys) { flush(peer) }
        isFlushing = false
        if !outboxes.isEmpty { flushSoon() }
    }

    private func flush(_ peer: PeerIdentity) {
        guard let socket, var outbox = outboxes[peer] else { return }
        var isReachable = true
        outbox.flush(now: now) { frames in
            let result = socket.send(frames, to: peer)
            if result == .peerUnreachable { isReachable = false }
            return result == .sent
        }
        outboxes[peer] = outbox.isEmpty ? nil : outbox
        guard isReachable else { return forgetSoon(peer) }
        let wait = now - outbox.lastProgress
        if !outbox.isEmpty, wait > machine.settings.answerTimeout {
            cutOff(peer, "it reads no messages: it took none for \(wait.text)")
        }
    }

    private func cutOff(_ peer: PeerIdentity, _ reason: String) {
        outboxes[peer] = nil
        perform(machine.lose(peer, reason: reason, now: now))
        socket?.cutOff(peer)
    }

    /// A peer cannot be reached any more: it is forgotten once what it said before it went is heard, its
    /// leave above all.
    private func forgetSoon(_ peer: PeerIdentity) {
        outboxes[peer] = nil
        thread.schedule(after: .zero) {
            self.assumeIsolated { coordinator in
                coordinator.receive()
                coordinator.perform(
                    coordinator.machine.connectionEnded(peer, now: coordinator.now))
            }
        }
    }
}
