import Keys
import Protocol
import Training
import ZeroMQ

// What arrives: messages, news of connections, signals.

extension Coordinator {
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
            payload = nil
            // One message seldom comes alone: the other workers answer too, or soon answer to this.
            thread.expectWork()
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
            do throws(ProtocolError) {
                try receive(message, from: sender, caller)
            } catch .otherVersion(let version) {
                refuse(message, from: sender, .otherVersion(version))
            } catch {
                drop(message, from: sender, "\(error)")
            }
            settle(sender)
        case .oversized(let sender?, let frames, let bytes):
            guard !silenced.contains(sender) else { return }
            let reason = "a message of \(bytes) bytes in \(frames) frames, over the limit"
            perform([machine.drop(sender, reason, cost: 1 + frames / 16 + bytes / 65_536)])
            settle(sender)
        case .oversized: break
        }
    }

    /// Ends the connection of a peer that has said too much that nothing asked for.
    private func settle(_ peer: PeerIdentity) {
        if !machine.isMember(peer), socket?.isWithinAllowance(peer) == false {
            silence(peer)
        }
        perform(machine.putOutOverdrawn(now: now))
    }

    private func receive(
        _ message: Message, from sender: PeerIdentity, _ caller: AllowedWorker?
    ) throws(ProtocolError) {
        let arrival = now
        timing.received(message.frames.reduce(0) { $0 + $1.count }, from: sender)
        let frame = message.frames[0]
        guard frame.count <= maximumHeaderSize else { throw .malformed("its header is too long") }
        let (decoded, run) = try WorkerMessage.decode(
            frame.bytes, payloadFrames: message.frames.count - 1)
        switch decoded {
        case .hello: break
        case _ where run != self.run: throw .otherRun(run)
        default: break
        }
        guard machine.isWorthReading(decoded, bytes: frame.count, from: sender) else {
            if machine.isExpelled(sender) { return }
            return drop(message, from: sender, "a partial sum, which was not requested")
        }
        payload = message.frames.dropFirst().first
        payloadSender = sender
        if case .partialSum(let sum) = decoded {
            timing.enter(.reduce, at: arrival)
            guard let payload, payload.count == 4 * state.parameters.count,
                payload.checksum == sum.checksum
            else { throw .wrongPayload("gradients with a wrong size or checksum") }
        }
        let effects = machine.receive(
            decoded, digest: payloadDigest, from: sender, caller: caller,
            address: frame.peerAddress, now: arrival)
        note(decoded, from: sender, at: arrival)
        perform(effects)
    }

    /// The digest of the payload at hand; that of no bytes where there is none.
    func payloadDigest() -> PayloadDigest {
        guard let payload else {
            return PayloadDigest(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        return payload.withBytes { bytes in bytes.withUnsafeBytes { PayloadDigest($0) } }
    }

    private func drop(_ message: Message, from sender: PeerIdentity, _ reason: String) {
        let payload = message.frames.dropFirst().reduce(0) { $0 + $1.count }
        let cost = Accounts.cost(headerBytes: message.frames[0].count, payloadBytes: payload)
        perform([
            machine.drop(sender, reason, address: message.frames[0].peerAddress, cost: cost)
        ])
    }

    private func refuse(
        _ message: Message, from peer: PeerIdentity, _ error: ProtocolError
    ) {
        if machine.isMember(peer) { return drop(message, from: peer, "\(error)") }
        refusals += 1
        if isWorthTelling(refusals) {
            let address = message.frames[0].peerAddress
            report(
                .refused(
                    peer: address.map { "a stranger at \($0)" } ?? "a stranger",
                    reason: "\(error)"))
        }
        let reason = "this worker cannot be understood: \(error)"
        send(.refuse(Notice(reason: reason)), to: peer)
    }

    /// Ends the connection of a peer, and passes over what has come from it.
    func silence(_ peer: PeerIdentity) {
        silenced.insert(peer)
        outboxes[peer] = nil
        socket?.cutOff(peer)
    }

    // MARK: - Connections

    func handle(_ event: MonitorEvent) {
        if event.kind == .handshakeFailed { turnedAway(event.detail ?? "no handshake") }
        // Strangers that come and go are no reason to ask all members for a sign of life.
        guard event.kind == .disconnected, let peer = event.peer, machine.isMember(peer) else {
            return
        }
        // It may come before the socket knows, and a word to the peer still leave for nowhere: hence the
        // same again for a little while.
        let isProbing = lastDisconnection != nil
        lastDisconnection = now
        // A thousand connections that end at once are one reason to ask, not a thousand.
        if !isProbing { thread.schedule(after: .zero) { self.assumeIsolated { $0.probeAgain() } } }
    }

    private func turnedAway(_ reason: String) {
        strangers[reason, default: 0] += 1
        let count = strangers[reason, default: 0]
        guard isWorthTelling(count) else { return }
        report(.refused(peer: "a connection", reason: "\(reason) (\(count) so far)"))
    }

    private func probeAgain() {
        guard let lastDisconnection else { return }
        probe()
        if now - lastDisconnection > .milliseconds(200) {
            self.lastDisconnection = nil
        } else {
            thread.schedule(after: .milliseconds(20)) { self.assumeIsolated { $0.probeAgain() } }
        }
    }

    /// Sends a word to every member; one that cannot be reached is gone.
    func probe() {
        // This makes libzmq look at its connections.
        receive()
        perform(machine.probe())
    }

    // MARK: - Signals

    func handle(_ request: SignalRequest, endAtOnce: (Int32) -> Never) {
        switch request {
        case .stop(let signal):
            if !machine.isInterrupted { report(.stopping(signal: signalName(signal))) }
            perform(machine.interrupt(signal, now: now))
        case .stopAtOnce(let signal): endAtOnce(signal)
        case .checkpoint(let signal): perform(machine.requestCheckpoint(signalName(signal)))
        }
    }
}
