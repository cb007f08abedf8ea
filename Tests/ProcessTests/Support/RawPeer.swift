import Protocol
import Synchronization
import ZeroMQ

/// A peer that sends any messages to Tern over real sockets.
actor RawPeer {
    nonisolated let thread = EventLoop(name: "raw-peer")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private nonisolated let received = Mutex<[Message]>([])
    private let context = Context()
    private var socket: Socket?

    /// Runs `body` with a peer, and closes it afterwards.
    static func with(
        _ kind: Socket.Kind, _ body: (RawPeer) async throws -> Void
    ) async throws {
        let peer = RawPeer()
        let result: Result<Void, any Error>
        do {
            try await peer.open(kind)
            result = .success(try await body(peer))
        } catch {
            result = .failure(error)
        }
        await peer.close()
        await peer.thread.stop()
        try result.get()
    }

    private func open(_ kind: Socket.Kind) throws {
        var options = SocketOptions()
        options.queuesOnlyWhenConnected = false
        let socket = try Socket(context, kind, options, on: thread)
        thread.attach(socket) { self.assumeIsolated { $0.receiveAll() } }
        self.socket = socket
    }

    private func receiveAll() {
        while case .message(let message)? = socket?.receive() {
            received.withLock { $0.append(message) }
        }
    }

    private func close() async {
        socket?.close()
        await context.terminate()
    }

    /// Listens at a port that the system picks, and returns the endpoint.
    func listen() throws -> String { try socket?.bind("tcp://127.0.0.1:*") ?? "" }

    func dial(_ endpoint: String) throws { try socket?.connect(endpoint) }

    /// Sends frames; the first is given as text.
    func send(_ header: String, _ payload: [UInt8]..., to peer: PeerIdentity? = nil) {
        send([Array(header.utf8)] + payload, to: peer)
    }

    func send(_ frames: [[UInt8]], to peer: PeerIdentity? = nil) {
        _ = socket?.send(frames.map { Frame($0) }, to: peer)
    }

    /// Waits for a message whose first frame contains a text.
    nonisolated func message(_ part: String) async throws -> (sender: PeerIdentity?, text: String) {
        try await eventually("a message with \"\(part)\"") {
            received.withLock { messages in
                messages.lazy.map { ($0.sender, $0.frames[0].text) }.first { $0.1.contains(part) }
            }
        }
    }
}

extension Frame {
    var text: String {
        withBytes { bytes in bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
    }
}

/// The wire form of a control message, of any protocol version.
func control(
    _ type: String, version: Int = protocolVersion, run: String = "0000000000000000", _ body: String
) -> String {
    #"{"tern":\#(version),"run":"\#(run)","type":"\#(type)","body":\#(body)}"#
}
