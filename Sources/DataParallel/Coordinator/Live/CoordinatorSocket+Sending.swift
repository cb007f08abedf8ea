import Protocol
import ZeroMQ

// Sending. If a peer's queue is full, messages wait in order until the peer takes more; a peer that takes none
// for too long is dropped. Large weights wait here, too, and give way to other messages: libzmq gets a few of
// their blocks at a time.

extension CoordinatorSocket {
    /// How often waiting messages are retried.
    private static let flushInterval = Duration.milliseconds(2)

    /// Sends a message now; if there is no room, queues it if `waiting` is true and drops it otherwise.
    func send(_ frames: [Frame], to peer: PeerIdentity, waiting: Bool) {
        if let blocks = blocks(of: frames) { return send(blocks, header: frames[0], to: peer) }
        // A request without weights means nothing before the weights are there.
        let isBehindPayloads =
            queues[peer]?.hasPayloads == true && StepIdentity(frames[0].bytes) != nil
        if isBehindPayloads {
            queues[peer]?.addBehindPayloads(frames, now: now)
        } else if queues[peer]?.messageCount ?? 0 > 0 {
            guard waiting else { return }
            queues[peer]?.add(frames, now: now)
        } else {
            switch socket.send(frames, to: peer) {
            case .sent: return
            case .peerUnreachable: return forgetSoon(peer)
            case .full: break
            }
            guard waiting else { return }
            queues[peer, default: SendQueue()].add(frames, now: now)
        }
        if !isFlushing { flushSoon() }
        if let count = queues[peer]?.messageCount, count > Limits.mostWaiting {
            cutOff(peer, "it asks for more than it reads")
        }
    }

    /// The blocks of large weights, which all workers share; nil for other messages.
    private func blocks(of frames: [Frame]) -> PayloadBlocks? {
        if let last = lastBlocks, frames.count == 2, frames[1] === last.payload { return last }
        guard let blocks = PayloadBlocks(frames) else { return nil }
        lastBlocks = blocks
        return blocks
    }

    /// Sends weights; they begin a step, so nobody needs what is left of earlier ones.
    private func send(_ blocks: PayloadBlocks, header: Frame, to peer: PeerIdentity) {
        queues[peer, default: SendQueue()].dropAllBehindPayloads()
        queues[peer]?.add(blocks, header: header, now: now)
        flush(peer)
        if queues[peer]?.isInUse == true, !isFlushing { flushSoon() }
    }

    private func flushSoon() {
        isFlushing = true
        later(Self.flushInterval) { $0.flush() }
    }

    private func flush() {
        for peer in Array(queues.keys) where queues[peer]?.isInUse == true {
            queues[peer]?.look(now: now)
            if flush(peer) { driver.noteProgress(of: peer, isSender: false) }
        }
        isFlushing = false
        if queues.contains(where: { $0.value.isInUse }) { flushSoon() }
    }

    /// - Returns: whether the peer got on with its weights.
    @discardableResult
    private func flush(_ peer: PeerIdentity) -> Bool {
        guard var queue = queues[peer] else { return false }
        let needsWeights = driver.machine.isMember(peer) && !driver.machine.isOver
        if queue.hasPayloads, !needsWeights { queue.dropAllBehindPayloads() }
        var isReachable = true
        let isAdvancing = queue.flush(now: now) { frames in
            let result = socket.send(frames, to: peer)
            if result == .peerUnreachable { isReachable = false }
            return result == .sent
        }
        queues[peer] = queue.isNew ? nil : queue
        guard isReachable else {
            forgetSoon(peer)
            return false
        }
        let wait = now - queue.lastProgress
        if !queue.isEmpty, wait > driver.machine.settings.answerTimeout {
            cutOff(peer, "it reads no messages: it took none for \(wait.text)")
        }
        return isAdvancing
    }

    private func cutOff(_ peer: PeerIdentity, _ reason: String) {
        forget(peer)
        driver.handle { $0.lose(peer, reason: reason, now: $1) }
        socket.cutOff(peer)
    }

    /// Removes an unreachable peer, after its last messages are handled, above all its leave.
    private func forgetSoon(_ peer: PeerIdentity) {
        queues[peer] = nil
        later(.zero) { workers in
            workers.receive()
            workers.driver.handle { $0.connectionEnded(peer, now: $1) }
        }
    }
}
