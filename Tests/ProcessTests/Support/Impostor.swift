import Testing
import ZeroMQ

/// A server with only a worker's key, in place of a coordinator.
actor Impostor {
    nonisolated let thread = EventLoop(name: "impostor")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    nonisolated let endpoint: String
    private(set) var heard = 0
    private var socket: Socket?

    init() throws { endpoint = "tcp://127.0.0.1:\(try ListeningSocket().port)" }

    func listen(_ pair: CurveKeyPair) throws {
        var options = SocketOptions()
        options.encryption = .server(pair, Gate { _ in .admit("anybody") })
        let socket = try Socket(Context(), .router, options, on: thread)
        self.socket = socket
        try socket.bind(endpoint)
        thread.attach(socket) {
            self.assumeIsolated { impostor in
                while impostor.socket?.receive() != nil { impostor.heard += 1 }
            }
        }
    }

    func stop() async {
        socket?.close()
        await thread.stop()
    }
}
