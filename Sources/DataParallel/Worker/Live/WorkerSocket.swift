import Keys
import Protocol
import ZeroMQ

/// The connection of a worker to its coordinator: what arrives over it, and news of it.
final class WorkerSocket {
    /// The most messages that are taken at a time: more than a coordinator sends before it is answered.
    private static let mostAtOnce = 64

    private unowned let worker: Worker
    private unowned let driver: WorkerDriver<LiveWorkerWorld>
    private let socket: Socket

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
        // How long silence may last the coordinator decides, in the pings that it sends. This is for
        // one that vanishes before its first.
        options.heartbeatInterval = .seconds(20)
        options.heartbeatTimeout = .seconds(60)
        options.maximumMessageSize = 1 << 30
        // The sums of a range, up to two a level of the tree; what does not fit waits.
        options.sendHighWaterMark = 64
        // A coordinator that takes over from one that was killed need not wait long.
        options.maximumReconnectInterval = .milliseconds(500)
        options.encryption = credential?.encryption
        return options
    }

    /// Dials, and hears messages from now on.
    func connect(_ endpoint: String) throws(SocketError) {
        let worker = worker
        try socket.monitor { event in
            worker.assumeIsolated { $0.connection?.handle(event) }
        }
        worker.thread.attach(socket) { worker.assumeIsolated { $0.connection?.receive() } }
        try socket.connect(endpoint)
    }

    /// Sends a message; false if there is no room for it now.
    func send(_ frames: [Frame]) -> Bool { socket.send(frames) == .sent }

    func close(lingering: Duration) { socket.close(lingering: lingering) }

    private func handle(_ event: MonitorEvent) {
        switch event.kind {
        case .handshakeSucceeded:
            driver.handle { $0.connected(memory: FreeMemory().byteCount, now: $1) }
        case .handshakeFailed: driver.handle { $0.turnedAway(now: $1) }
        case .dialling: driver.dialling()
        case .unresolved: driver.handle { $0.unresolved(event.detail ?? "", now: $1) }
        case .disconnected:
            // The last word, that the run is over, may have come just before.
            receive()
            driver.disconnected()
        default: break
        }
    }

    /// Takes what has come, but not without end: timers and signals must have their turn in a flood of
    /// messages.
    private func receive() {
        for _ in 0..<Self.mostAtOnce {
            switch socket.receive() {
            case nil: return
            case .message(let message): driver.receive(message.frames)
            case .oversized: driver.drop("a message over the size limit")
            }
        }
    }

    /// Hangs up on a coordinator that sends more than it was asked for, and dials again.
    func limitUnread() {
        let most = Limits.unreadBytes(
            ofCoordinator: driver.expected.parameterCount,
            exampleByteCount: driver.expected.exampleByteCount)
        if socket.limitUnread(toEach: most) { driver.report(.flooded(bytes: most)) }
    }
}
