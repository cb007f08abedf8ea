import Keys
import Protocol
import ZeroMQ

/// A worker's connection to its coordinator: its messages and events.
final class WorkerSocket {
    /// The most messages of one turn: more than a coordinator sends before it gets an answer.
    private static let mostAtOnce = 64
    /// How often waiting messages are retried.
    private static let flushInterval = Duration.milliseconds(2)

    private unowned let worker: Worker
    private unowned let driver: WorkerDriver<LiveWorkerWorld>
    private let socket: Socket
    private let start = ContinuousClock.now
    /// Large sums, of which libzmq gets a few blocks at a time, so that other messages overtake them.
    private var queue = SendQueue()
    private var isFlushing = false
    /// The weights that arrive in blocks.
    private var assembly = PayloadAssembly()

    init(
        _ context: Context, _ credential: WorkerCredential?, of worker: Worker,
        _ driver: WorkerDriver<LiveWorkerWorld>
    ) throws(SocketError) {
        self.worker = worker
        self.driver = driver
        socket = try Socket(context, .dealer, Self.options(credential), on: worker.thread)
    }

    private static func options(_ credential: WorkerCredential?) -> SocketOptions {
        var options = SocketOptions()
        // The coordinator's pings carry its own limit on silence. This one is for a coordinator that vanishes
        // before its first ping.
        options.heartbeatInterval = .seconds(20)
        options.heartbeatTimeout = .seconds(60)
        options.maximumMessageSize = 1 << 30
        // The sums of a range, up to two per level of the tree; further messages wait.
        options.sendHighWaterMark = 64 + Limits.markForBlocks
        // A coordinator that replaces a killed one need not wait long.
        options.maximumReconnectInterval = .milliseconds(500)
        options.encryption = credential?.encryption
        return options
    }

    /// Dials, and starts to receive messages.
    func connect(_ endpoint: String) throws(SocketError) {
        let worker = worker
        try socket.monitor { event in
            worker.assumeIsolated { $0.connection?.handle(event) }
        }
        worker.thread.attach(socket) { worker.assumeIsolated { $0.connection?.receive() } }
        try socket.connect(endpoint)
    }

    private var now: Duration { .now - start }

    // MARK: - Sending

    /// Whether sums wait that were taken.
    var isSending: Bool { !queue.isEmpty }

    /// Takes a message; false if there is no room for it now.
    func send(_ frames: [Frame]) -> Bool {
        if let blocks = PayloadBlocks(frames) {
            queue.add(blocks, header: frames[0], now: now)
        } else if queue.hasPayloads, isLeave(frames[0]) {
            queue.addBehindPayloads(frames, now: now)
        } else {
            return socket.send(frames) == .sent
        }
        flush()
        return true
    }

    private func isLeave(_ header: Frame) -> Bool {
        if case (.leave, _)? = try? WorkerMessage.decode(header.bytes) { true } else { false }
    }

    /// Drops the sums that are not sent yet.
    func dropSums() {
        queue.dropPayloads { _ in true }
        flush()
    }

    private func flush() {
        _ = queue.flush(now: now) { socket.send($0) == .sent }
        guard queue.isInUse, !isFlushing else { return }
        isFlushing = true
        let worker = worker
        worker.thread.schedule(after: Self.flushInterval) {
            worker.assumeIsolated { $0.connection?.flushAgain() }
        }
    }

    private func flushAgain() {
        isFlushing = false
        queue.look(now: now)
        flush()
    }

    func close(lingering: Duration) { socket.close(lingering: lingering) }

    private func handle(_ event: MonitorEvent) {
        switch event.kind {
        case .handshakeSucceeded:
            driver.handle { $0.connected(memory: FreeMemory().byteCount, now: $1) }
        case .handshakeFailed: driver.handle { $0.turnedAway(now: $1) }
        case .dialling: driver.dialling()
        case .unresolved: driver.handle { $0.unresolved(event.detail ?? "", now: $1) }
        case .disconnected:
            // The message that ends the run may have arrived just before.
            receive()
            (queue, assembly) = (SendQueue(), PayloadAssembly())
            driver.disconnected()
        default: break
        }
    }

    /// Receives messages in bounded turns, so that timers and signals get theirs during a flood.
    private func receive() {
        for _ in 0..<Self.mostAtOnce {
            switch socket.receive() {
            case nil: return
            case .message(let message): receive(message.frames)
            case .oversized: driver.drop("a message over the size limit")
            }
        }
    }

    private func receive(_ frames: [Frame]) {
        let size = 4 * driver.expected.parameterCount
        switch assembly.receive(frames, size: size, mayBegin: mayBegin) {
        case .whole(let frames): driver.receive(frames)
        case .begun:
            // The step of other sums is over.
            let step = StepIdentity(frames[0].bytes)
            queue.dropPayloads { $0.identity != step }
        case .continued, .skipped: break
        case .broken(let reason): driver.drop(reason)
        }
    }

    private func mayBegin(_ header: [UInt8]) -> Bool {
        guard
            case (.weights, let run)? = try? CoordinatorMessage.decode(header, payloadFrames: 1)
        else { return false }
        return run == driver.machine.run
    }

    /// Disconnects from a coordinator that sends more than the worker requested, and dials again.
    func limitUnread() {
        let most = Limits.unreadBytes(
            ofCoordinator: driver.expected.parameterCount,
            exampleByteCount: driver.expected.exampleByteCount)
        if socket.limitUnread(toEach: most) { driver.report(.flooded(bytes: most)) }
    }
}
