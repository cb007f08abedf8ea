import Keys
import Protocol
import RunEvents
import ZeroMQ

// Receiving: messages, and events of connections.

extension CoordinatorSocket {
    /// The most messages, and the most time, of one turn.
    ///
    /// During a flood, timers and signals must get their turn, above all the count of unread bytes.
    private static let turn = (most: 64, time: Duration.milliseconds(1))
    /// The least messages of a turn, because one takes longer on a busy machine or in a debug build.
    private static let leastOfTurn = 8

    // MARK: - Messages

    func receive() {
        let members = membersInFlood
        let start = ContinuousClock.now
        var (count, blockCount) = (0, 0)
        repeat {
            guard let received = nextMessage(of: members) else { return }
            count += 1
            if receive(received) { blockCount += 1 }
            // Another message is likely soon: other workers answer too, or answer to this one.
            coordinator.thread.expectWork()
        } while count < Self.leastOfTurn
            || count < Self.turn.most && .now - start < Self.turn.time
        // Blocks of requested sums are no flood, however many they are.
        messagesWithoutEnd += count - blockCount
    }

    /// - Returns: whether it is a block of a sum that its sender was asked for.
    private func receive(_ received: Received) -> Bool {
        switch received {
        case .message(let message):
            guard let sender = message.sender, !silenced.contains(sender) else { return false }
            let (isAllowed, caller) = isAllowed(message.user, sender)
            guard isAllowed else { return false }
            guard let frames = assemble(message.frames, from: sender) else { return true }
            driver.receive(
                frames, from: sender, caller: caller, address: { message.frames[0].peerAddress })
            settle(sender)
        case .oversized(let sender?, let frames, let bytes):
            guard !silenced.contains(sender) else { return false }
            let reason = "a message of \(bytes) bytes in \(frames) frames, over the limit"
            let cost = 1 + frames / 16 + bytes / 65_536
            driver.handle { machine, _ in [machine.drop(sender, reason, cost: cost)] }
            settle(sender)
        case .oversized: break
        }
        return false
    }

    /// Puts a sum together that arrives in blocks.
    ///
    /// - Returns: a message for the driver, or nil after a block.
    private func assemble(_ frames: [Frame], from peer: PeerIdentity) -> [Frame]? {
        let size = 4 * driver.state.parameters.count
        guard size > largestWholePayload, frames.count == 2 else { return frames }
        guard driver.machine.isMember(peer) else {
            assemblies[peer] = nil
            guard driver.machine.isExpelled(peer), PayloadAssembly.isBlock(frames) else {
                return frames
            }
            // It may have been on its way when its sender was expelled.
            settle(peer)
            return nil
        }
        let result = assemblies[peer, default: PayloadAssembly()].receive(frames, size: size) {
            driver.mayBegin($0, from: peer)
        }
        switch result {
        case .whole(let frames): return frames
        case .begun(let isReplacement):
            if isReplacement { driver.countIncompleteSum(of: peer) }
            driver.noteProgress(of: peer, isSender: true)
        case .continued: driver.noteProgress(of: peer, isSender: true)
        case .broken(let reason):
            driver.dropIncompleteSum(of: peer, reason, byteCount: frames[1].count)
            settle(peer)
        case .skipped: break
        }
        return nil
    }

    /// Cuts off a stranger that sent too many messages, and expels overdrawn members.
    private func settle(_ peer: PeerIdentity) {
        var isMember = true
        // Read in place: every message comes here, and reading the driver's machine from outside copies it.
        driver.handle { machine, now in
            isMember = machine.isMember(peer)
            return machine.expelOverdrawn(now: now)
        }
        if !isMember, !socket.isWithinAllowance(peer) { silence(peer) }
    }

    // MARK: - Connections

    func handle(_ event: MonitorEvent) {
        if event.kind == .handshakeFailed { turnedAway(event.detail ?? "no handshake") }
        // Only a member's disconnection is a reason to ping all members.
        guard event.kind == .disconnected, let peer = event.peer, driver.machine.isMember(peer)
        else {
            return
        }
        // The event may precede the socket's own knowledge, so that a ping still appears to be sent; hence ping
        // again for a short while.
        let isProbing = lastDisconnection != nil
        lastDisconnection = now
        // A thousand connections that end together cause one series of pings, not a thousand.
        if !isProbing { later(.zero) { $0.probeAgain() } }
    }

    private func turnedAway(_ reason: String) {
        strangers[reason, default: 0] += 1
        let count = strangers[reason, default: 0]
        guard isWorthLogging(count) else { return }
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

    /// Pings every member; one that cannot be reached has left.
    func probe() {
        // This makes libzmq look at its connections.
        receive()
        driver.handle { machine, _ in machine.probe() }
    }
}
