import Keys
import Protocol
import ZeroMQ

/// A worker's connection to its coordinator: its messages and events.
final class WorkerSocket {
    /// The most messages of one turn: more than a coordinator sends before it gets an answer.
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
        // The coordinator's pings carry its own limit on silence. This one is for a coordinator that vanishes
        // before its first ping.
        options.heartbeatInterval = .seconds(20)
        options.heartbeatTimeout = .seconds(60)
        options.maximumMessageSize = 1 << 30
        // The sums of a range, up to two per level of the tree; further messages wait.
        options.sendHighWaterMark = 64
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
            // The message that ends the run may have arrived just before.
            receive()
            driver.disconnected()
        default: break
        }
    }

    /// Receives messages in bounded turns, so that timers and signals get theirs during a flood.
    private func receive() {
        for _ in 0..<Self.mostAtOnce {
            switch socket.receive() {
            case nil: return
            case .message(let message): driver.receive(message.frames)
            case .oversized: driver.drop("a message over the size limit")
            }
        }
    }

    /// Disconnects from a coordinator that sends more than the worker requested, and dials again.
    func limitUnread() {
        let most = Limits.unreadBytes(
            ofCoordinator: driver.expected.parameterCount,
            exampleByteCount: driver.expected.exampleByteCount)
        if socket.limitUnread(toEach: most) { driver.report(.flooded(bytes: most)) }
    }
}
