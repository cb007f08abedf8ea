import CZeroMQ

/// An event of one of a socket's connections.
///
/// Events do not name the ``PeerIdentity`` and may come a moment before the sockets know: they are
/// hints for a log, and reasons to look closer.
public struct MonitorEvent: Hashable, Sendable, CustomStringConvertible {
    /// The kinds of events.
    public enum Kind: String, Sendable {
        /// The socket listens for peers.
        case bound
        /// A peer has dialled; the handshake follows.
        case accepted
        /// A peer has dialled, but the system gave no connection, for example for lack of descriptors.
        case acceptFailed = "accept failed"
        /// A dialled peer has answered; the handshake follows.
        case connected
        /// A peer could not be reached, and is dialled again after a while.
        case retrying
        /// Both sides have greeted each other: messages flow.
        case handshakeSucceeded = "handshake succeeded"
        /// The other side is no ZeroMQ peer, or was refused.
        case handshakeFailed = "handshake failed"
        /// A connection has ended.
        case disconnected
        /// An address of a host name is dialled.
        case dialling
        /// A host name could not be resolved, and is looked up again after a while.
        case unresolved
    }

    /// The kind of the event.
    public let kind: Kind
    /// The endpoint of the event: a peer's, or the socket's own for incoming connections.
    public let endpoint: String
    /// The reason, if libzmq gives one.
    public let detail: String?
    /// The connection's descriptor, which libzmq owns; nil if the event is about none.
    let descriptor: Int32?
    /// Whether libzmq does not dial again by itself.
    let isFinal: Bool
    /// The peer whose connection has ended, if a message came over it.
    public internal(set) var peer: PeerIdentity?

    /// One line for a log.
    public var description: String {
        "\(kind.rawValue) \(endpoint)" + (detail.map { " (\($0))" } ?? "")
    }

    /// An event that does not come from libzmq.
    init(_ kind: Kind, _ endpoint: String, detail: String?) {
        self.kind = kind
        self.endpoint = endpoint
        self.detail = detail
        descriptor = nil
        isFinal = false
    }

    /// Decodes the two frames that libzmq sends for an event.
    init?(_ frames: [Frame]) {
        guard frames.count == 2, frames[0].count == 6 else { return nil }
        let (code, value) = frames[0].withBytes { bytes in
            (
                bytes.unsafeLoadUnaligned(as: UInt16.self),
                bytes.unsafeLoadUnaligned(fromByteOffset: 2, as: UInt32.self)
            )
        }
        guard let kind = Self.kinds[Int32(code)] else { return nil }
        self.kind = kind
        endpoint = frames[1].withBytes { bytes in
            bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        }
        detail = Self.detail(Int32(code), value)
        isFinal = [ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH]
            .contains(Int32(code))
        descriptor =
            [.accepted, .connected, .disconnected].contains(kind)
            ? Int32(bitPattern: value) : nil
    }

    static let kinds: [Int32: Kind] = [
        ZMQ_EVENT_LISTENING: .bound,
        ZMQ_EVENT_ACCEPTED: .accepted,
        ZMQ_EVENT_ACCEPT_FAILED: .acceptFailed,
        ZMQ_EVENT_CONNECTED: .connected,
        ZMQ_EVENT_CONNECT_RETRIED: .retrying,
        ZMQ_EVENT_HANDSHAKE_SUCCEEDED: .handshakeSucceeded,
        ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: .handshakeFailed,
        ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: .handshakeFailed,
        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: .handshakeFailed,
        ZMQ_EVENT_DISCONNECTED: .disconnected,
    ]

    /// The number that comes with an event means something else for each event.
    private static func detail(_ code: Int32, _ value: UInt32) -> String? {
        switch code {
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
        where [EPIPE, ECONNRESET].contains(Int32(bitPattern: value)):
            "it closed the connection during the handshake"
        case ZMQ_EVENT_ACCEPT_FAILED, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
            String(cString: zmq_strerror(Int32(bitPattern: value)))
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
            switch Int32(bitPattern: value) {
            case ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC: "it has a different key"
            case ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH: "only one side has a key"
            default: "it breaks ZeroMQ's protocol (0x\(String(value, radix: 16)))"
            }
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
            value == 300
                ? "its credential makes too many connections"
                : "its key is unknown or was removed (status \(value))"
        case ZMQ_EVENT_CONNECT_RETRIED:
            "in \(value) ms"
        default:
            nil
        }
    }
}

extension Socket {
    /// Calls `onEvent` on the socket's thread with each event of its connections.
    ///
    /// To see an event of ``bind(_:)`` or ``connect(_:)``, call this before.
    ///
    /// - Precondition: The socket has no monitor yet.
    public func monitor(_ onEvent: @escaping (MonitorEvent) -> Void) throws(SocketError) {
        thread.checkIsolated()
        precondition(monitorSocket == nil, "the socket has a monitor")
        guard let raw else { throw SocketError(.monitor, code: ENOTSOCK) }
        // An address is unique among the open sockets of a process.
        let endpoint = "inproc://monitor-" + String(UInt(bitPattern: raw), radix: 16)
        let events = MonitorEvent.kinds.keys.reduce(0, |)
        guard zmq_socket_monitor(raw, endpoint, events) == 0 else {
            throw SocketError(.monitor, code: zmq_errno())
        }
        // No limit on queued events: on a full queue libzmq's I/O thread, and with it all traffic,
        // would stop until this thread reads, and this thread may just then wait for the I/O thread.
        let receiver = try Socket(context, .pair, on: thread)
        try receiver.connect(endpoint)
        monitorSocket = receiver
        eventHandler = onEvent
        thread.attach(receiver) {
            while case .message(let message)? = self.monitorSocket?.receive() {
                guard var event = MonitorEvent(message.frames) else { continue }
                event.peer = self.account(for: event)
                self.report(event)
            }
        }
    }

    /// Passes an event to the handler.
    func report(_ event: MonitorEvent) { eventHandler?(event) }

    /// Dials the one endpoint again after a pause, unless a connection is made before.
    private func dialAgainSoon() {
        guard redialling == nil, let endpoint = dialled.first, dialled.count == 1 else {
            return
        }
        let pause = options.maximumReconnectInterval ?? options.reconnectInterval
        redialling = thread.schedule(after: pause) {
            self.redialling = nil
            self.dialAgain(endpoint)
        }
    }

    /// - Returns: the peer whose connection has ended, if one has.
    private func account(for event: MonitorEvent) -> PeerIdentity? {
        if event.kind == .handshakeFailed { changeServerKey() }
        // The event has the peer's address, but the endpoint may have its name.
        dialler?.heard(event)
        // libzmq alone would dial again with the same key.
        if event.isFinal || event.kind == .handshakeFailed && hasServerKeys { dialAgainSoon() }
        if event.kind == .handshakeSucceeded, let timer = redialling.take() { thread.cancel(timer) }
        guard let descriptor = event.descriptor else { return nil }
        switch event.kind {
        case .accepted: connectionGuard.opened(descriptor, most: options.maximumConnectionCount)
        case .connected: connectionGuard.reached(descriptor)
        case .disconnected: return connectionGuard.closed(descriptor)
        default: break
        }
        return nil
    }
}
