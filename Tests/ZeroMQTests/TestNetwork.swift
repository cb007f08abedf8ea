import Testing
import ZeroMQ

/// An actor with a socket on its own event loop, like the coordinator and the workers.
actor Peer {
    nonisolated let thread: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private nonisolated let arrivals = Mailbox<Received>()
    private nonisolated let events = Mailbox<MonitorEvent>()
    private var socket: Socket?

    struct UnexpectedlyOversized: Error {}

    init(thread: EventLoop) {
        self.thread = thread
    }

    func open(_ context: Context, _ kind: Socket.Kind, _ options: SocketOptions) throws {
        let socket = try Socket(context, kind, options, on: thread)
        try socket.monitor { [events] in events.put($0) }
        self.socket = socket
    }

    func bind(_ endpoint: String) throws -> String {
        try #require(socket).bind(endpoint)
    }

    func connect(_ endpoint: String) throws {
        try socket?.connect(endpoint)
    }

    func beginReading() {
        guard let socket else { return }
        thread.attach(socket) { self.assumeIsolated { $0.readAll() } }
    }

    private func readAll() {
        while let received = socket?.receive() { arrivals.put(received) }
    }

    /// The next entry in the queue of a peer that does not read by itself.
    func receive() -> Received? { socket?.receive() }

    func receive(from wanted: Set<PeerIdentity>) -> (message: Received?, dropped: Int) {
        socket?.receive(from: wanted, dropping: 10) ?? (nil, 0)
    }

    func limitUnread(of trusted: Set<PeerIdentity>, to each: Int) {
        let limits = Dictionary(uniqueKeysWithValues: trusted.map { ($0, each) })
        _ = socket?.limitUnread(of: limits, othersTogether: 0)
    }

    func limitUnread(toEach most: Int) -> Bool { socket?.limitUnread(toEach: most) ?? false }

    func isWithinAllowance(_ peer: PeerIdentity) -> Bool {
        socket?.isWithinAllowance(peer) ?? false
    }

    func cutOff(_ peer: PeerIdentity) { socket?.cutOff(peer) }

    func send(_ frames: [Frame], to peer: PeerIdentity? = nil) -> SendResult {
        socket?.send(frames, to: peer) ?? .peerUnreachable
    }

    func close(lingering: Duration = .zero) {
        socket?.close(lingering: lingering)
    }

    nonisolated func nextReceived() async throws -> Received {
        try await arrivals.next()
    }

    nonisolated func nextMessage() async throws -> Message {
        guard case .message(let message) = try await nextReceived() else {
            throw UnexpectedlyOversized()
        }
        return message
    }

    /// Sends a greeting to the only connected peer, and expects that it arrives.
    nonisolated func greet(
        _ router: Peer, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        _ = try await nextEvent(.handshakeSucceeded)
        #expect(await send([Frame("hello")]) == .sent, sourceLocation: sourceLocation)
        let message = try await router.nextMessage()
        #expect(message.frames.map(\.text) == ["hello"], sourceLocation: sourceLocation)
    }

    nonisolated func nextEvent(_ kind: MonitorEvent.Kind) async throws -> MonitorEvent {
        while true {
            let event = try await events.next()
            if event.kind == kind { return event }
        }
    }
}

/// The sockets of a test, which are closed and their threads ended after the test.
actor TestNetwork {
    private let context = Context()
    private var peers: [Peer] = []

    static func run(_ body: (TestNetwork) async throws -> Void) async throws {
        let network = TestNetwork()
        do {
            try await body(network)
        } catch {
            await network.end()
            throw error
        }
        await network.end()
    }

    func peer(
        _ kind: Socket.Kind, _ options: SocketOptions = SocketOptions(), reading: Bool = true
    ) async throws -> Peer {
        let peer = Peer(thread: EventLoop(name: "peer-\(peers.count)"))
        peers.append(peer)
        try await peer.open(context, kind, options)
        if reading { await peer.beginReading() }
        return peer
    }

    private func end() async {
        for peer in peers {
            await peer.close()
            await peer.thread.stop()
        }
        await context.terminate()
    }
}

extension Frame {
    convenience init(_ text: String) { self.init(Array(text.utf8)) }

    var bytes: [UInt8] { withBytes { bytes in bytes.withUnsafeBytes { Array($0) } } }
    var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension ExitTest.Result {
    /// Whether the ended process wrote `text` to its standard error.
    func said(_ text: String) -> Bool {
        String(decoding: standardErrorContent, as: UTF8.self).contains(text)
    }
}

/// Endpoints whose port or path the system picks.
let anyEndpoints = ["tcp://127.0.0.1:*", "ipc://*"]
