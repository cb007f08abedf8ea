import Protocol
import Training
import ZeroMQ

// What comes from the coordinator, and news of the connection to it.

extension Worker {
    /// The most messages that are taken at a time: more than a coordinator sends before it is answered.
    private static let mostAtOnce = 64

    func handle(_ event: MonitorEvent) {
        switch event.kind {
        case .handshakeSucceeded:
            perform(machine.connected(memory: FreeMemory().byteCount, now: now))
        case .handshakeFailed: perform(machine.turnedAway(now: now))
        case .dialling: machine.dialling()
        case .unresolved: perform(machine.unresolved(event.detail ?? "", now: now))
        case .disconnected:
            // The last word, that the run is over, may have come just before.
            receive()
            outbox = Outbox()
            perform(machine.disconnected(now: now))
        default: break
        }
    }

    /// Takes what has come, but not without end: timers and signals must have their turn in a flood of
    /// messages.
    func receive() {
        for _ in 0..<Self.mostAtOnce {
            guard let received = socket?.receive() else { return }
            guard case .message(let message) = received else {
                drop("a message over the size limit")
                continue
            }
            do throws(ProtocolError) {
                try receive(message)
            } catch {
                if case .otherVersion = error {
                    return complete(.refused("the coordinator cannot be understood: \(error)"))
                }
                drop("\(error)")
            }
            payload = []
        }
    }

    private func drop(_ reason: String) {
        droppedMessages += 1
        if isWorthTelling(droppedMessages) { report(.dropped(reason)) }
    }

    private func receive(_ message: Message) throws(ProtocolError) {
        let header = message.frames[0].bytes
        payload = message.frames.dropFirst()
        let (decoded, run) = try CoordinatorMessage.decode(header, payloadFrames: payload.count)
        try check(decoded)
        perform(machine.receive(decoded, run: run, now: now))
    }

    /// Checks the payload frames against what the header says of them.
    private func check(_ message: CoordinatorMessage) throws(ProtocolError) {
        switch message {
        case .weights(let work):
            guard let weights = payload.first, weights.count == 4 * parameterCount,
                weights.checksum == work.checksum
            else { throw .wrongPayload("weights with a wrong size or checksum") }
        case .shardPart(let part):
            guard let values = payload.first, let labels = payload.last,
                labels.count == part.count, values.count == labels.count * exampleByteCount,
                labels.bytes.allSatisfy({ $0 < classes })
            else { throw .wrongPayload("examples with a wrong size, or labels out of range") }
        default: break
        }
    }

    /// Hangs up on a coordinator that sends more than it was asked for, and dials again.
    func limitUnread() {
        let most = Limits.unreadBytes(
            ofCoordinator: parameterCount, exampleByteCount: exampleByteCount)
        if socket?.limitUnread(toEach: most) == true { report(.flooded(bytes: most)) }
    }
}
