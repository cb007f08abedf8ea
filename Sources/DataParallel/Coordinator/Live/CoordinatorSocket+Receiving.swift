import Keys
import Protocol
import RunEvents
import ZeroMQ

// What arrives: messages, news of connections, signals.

extension CoordinatorSocket {
    /// The most messages that are taken at a time, and for how long: timers and signals, above all the
    /// counting of what is unread, must have their turn in a flood of messages.
    private static let turn = (most: 64, time: Duration.milliseconds(1))
    /// So many are taken whatever the time: on a busy machine, or in a build for tests, one takes longer.
    private static let leastOfTurn = 8

    // MARK: - Messages

    func receive() {
        let members = membersInFlood
        let start = ContinuousClock.now
        var count = 0
        repeat {
            guard let received = nextMessage(of: members) else { return }
            count += 1
            receive(received)
            // One message seldom comes alone: the other workers answer too, or soon answer to this.
            coordinator.thread.expectWork()
        } while count < Self.leastOfTurn
            || count < Self.turn.most && .now - start < Self.turn.time
        messagesWithoutEnd += count
    }

    private func receive(_ received: Received) {
        switch received {
        case .message(let message):
            guard let sender = message.sender, !silenced.contains(sender) else { return }
            let (isAllowed, caller) = isAllowed(message.user, sender)
            guard isAllowed else { return }
            driver.receive(
                message.frames, from: sender, caller: caller,
                address: { message.frames[0].peerAddress })
            settle(sender)
        case .oversized(let sender?, let frames, let bytes):
            guard !silenced.contains(sender) else { return }
            let reason = "a message of \(bytes) bytes in \(frames) frames, over the limit"
            let cost = 1 + frames / 16 + bytes / 65_536
            driver.handle { machine, _ in [machine.drop(sender, reason, cost: cost)] }
            settle(sender)
        case .oversized: break
        }
    }

    /// Ends the connection of a peer that has said too much that nothing asked for.
    private func settle(_ peer: PeerIdentity) {
        if !driver.machine.isMember(peer), !socket.isWithinAllowance(peer) { silence(peer) }
        driver.handle { $0.putOutOverdrawn(now: $1) }
    }

    // MARK: - Connections

    func handle(_ event: MonitorEvent) {
        if event.kind == .handshakeFailed { turnedAway(event.detail ?? "no handshake") }
        // Strangers that come and go are no reason to ask all members for a sign of life.
        guard event.kind == .disconnected, let peer = event.peer, driver.machine.isMember(peer)
        else {
            return
        }
        // It may come before the socket knows, and a word to the peer still leave for nowhere: hence the
        // same again for a little while.
        let isProbing = lastDisconnection != nil
        lastDisconnection = now
        // A thousand connections that end at once are one reason to ask, not a thousand.
        if !isProbing { later(.zero) { $0.probeAgain() } }
    }

    private func turnedAway(_ reason: String) {
        strangers[reason, default: 0] += 1
        let count = strangers[reason, default: 0]
        guard isWorthTelling(count) else { return }
        driver.report(.refused(peer: "a connection", reason: "\(reason) (\(count) so far)"))
    }

    private func probeAgain() {
        guard let lastDisconnection else { return }
        probe()
        if now - lastDisconnection > .milliseconds(200) {
            self.lastDisconnection = nil
        } else {
            later(.milliseconds(20)) { $0.probeAgain() }
        }
    }

    /// Sends a word to every member; one that cannot be reached is gone.
    func probe() {
        // This makes libzmq look at its connections.
        receive()
        driver.handle { machine, _ in machine.probe() }
    }
}
