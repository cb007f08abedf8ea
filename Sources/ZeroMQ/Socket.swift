import CZeroMQ

/// A ZeroMQ socket, which lives on one ``EventLoop`` and carries whole messages.
///
/// It is used there only, best by an actor whose executor is the thread; a call from elsewhere ends the
/// process with a message. All calls return at once. A socket without references closes itself, but one
/// that is attached, monitored or a server lives until ``close(lingering:)`` or the thread's end.
public final class Socket {
    /// How a socket treats its peers.
    public enum Kind: Sendable {
        /// Knows each peer by its ``PeerIdentity``, and sends to the one that the caller names.
        case router
        /// Sends to its peers in turn: for one peer, a plain message connection.
        case dealer
        /// Talks to exactly one peer, within the process.
        case pair
        /// Answers each message before it takes the next.
        case reply

        fileprivate var type: Int32 {
            switch self {
            case .router: ZMQ_ROUTER
            case .dealer: ZMQ_DEALER
            case .pair: ZMQ_PAIR
            case .reply: ZMQ_REP
            }
        }
    }

    /// How the socket treats its peers.
    public let kind: Kind
    /// The limits and times it was made with.
    public let options: SocketOptions
    /// The one thread that may use it.
    public let thread: EventLoop

    let context: Context
    /// libzmq's socket, or nil once it is closed.
    private(set) var raw: UnsafeMutableRawPointer?
    /// Receives the events of this socket's connections, if it has a monitor.
    var monitorSocket: Socket?
    /// Where libzmq asks whether to admit a peer, if this is a server.
    var gateSocket: Socket?
    /// Called with each event of the connections.
    var eventHandler: ((MonitorEvent) -> Void)?
    /// The dialled endpoints, except those that the dialler dials.
    private(set) var dialled: [String] = []
    /// Dials the addresses of a host name.
    private(set) var dialler: Dialler?
    /// The timer that dials the one endpoint again, if libzmq does not do so by itself.
    var redialling: TimerToken?
    /// Tracks the connections, while their events are monitored.
    var connectionGuard: ConnectionGuard

    /// Opens a socket without an endpoint.
    public init(
        _ context: Context, _ kind: Kind, _ options: SocketOptions = SocketOptions(),
        on thread: EventLoop
    ) throws(SocketError) {
        thread.checkIsolated()
        self.context = context
        self.kind = kind
        self.options = options
        self.thread = thread
        connectionGuard = ConnectionGuard(
            isEncrypted: options.encryption != nil, limitsNewcomers: options.limitsNewcomers)
        guard let raw = zmq_socket(context.raw, kind.type) else {
            throw SocketError(.open, code: zmq_errno())
        }
        self.raw = raw
        context.socketDidOpen()
        for (option, value) in options.values(for: kind) {
            try set(option, to: value, during: .open)
        }
        let overhead = options.encryption == nil ? 0 : Encryption.frameOverhead
        try set(ZMQ_MAXMSGSIZE, to: Int64(options.maximumMessageSize + overhead), during: .open)
        if let encryption = options.encryption { try encrypt(encryption) }
    }

    deinit {
        // Any thread may do this: no other reference to the socket exists, and the release of the last
        // one is the memory fence that libzmq requires.
        closeRaw()
    }

    /// Listens at `endpoint`.
    ///
    /// A host name is taken for that of a network interface: see ``bind(_:at:)`` for others.
    ///
    /// - Returns: the endpoint, with the chosen port or path if it left that open, as in
    ///   `tcp://127.0.0.1:*`.
    @discardableResult
    public func bind(_ endpoint: String) throws(SocketError) -> String {
        let parsed = try Endpoint(endpoint, for: .listen)
        return switch parsed.host {
        // An IPv6 socket accepts IPv4 connections, too.
        case .any: try bind("tcp://[::]:\(parsed.port)", of: parsed, isIPv6: true)
        case .address(let address):
            try bind(address.endpoint(port: parsed.port), of: parsed, isIPv6: address.isIPv6)
        case .name(let name):
            try bind(parsed, at: HostAddress.ofThisMachine(interface: name))
        case nil: try bind(endpoint, of: parsed, isIPv6: false)
        }
    }

    /// Listens at one address or path of an endpoint.
    func bind(
        _ target: String, of endpoint: Endpoint, isIPv6: Bool
    ) throws(SocketError) -> String {
        let raw = try prepare(endpoint, for: .listen, isIPv6: isIPv6)
        guard zmq_bind(raw, target) == 0 else {
            throw SocketError(.listen, endpoint.text, code: zmq_errno())
        }
        return lastEndpoint(of: raw) ?? target
    }

    func unbind(_ target: String) { zmq_unbind(raw, target) }

    /// Dials `endpoint` in the background, again and again until a peer answers.
    ///
    /// All addresses of a host name are tried in turn, and looked up again each time; the socket's
    /// monitor gets the events. For other endpoints, libzmq stops dialling if the peer uses another
    /// protocol or rejects the socket's key. A socket with a monitor and one endpoint keeps dialling
    /// even then.
    ///
    /// - Precondition: A socket that dials a host name dials no other.
    public func connect(_ endpoint: String) throws(SocketError) {
        let parsed = try Endpoint(endpoint, for: .connect)
        if let name = parsed.name {
            precondition(dialler == nil, "the socket dials a host name")
            if monitorSocket == nil { try monitor { _ in } }
            let dialler = Dialler(parsed, name: name, for: self)
            self.dialler = dialler
            return dialler.lookUp()
        }
        var isIPv6 = false
        if case .address(let address) = parsed.host { isIPv6 = address.isIPv6 }
        let raw = try prepare(parsed, for: .connect, isIPv6: isIPv6)
        guard zmq_connect(raw, endpoint) == 0 else {
            throw SocketError(.connect, endpoint, code: zmq_errno())
        }
        dialled.append(endpoint)
    }

    /// Makes libzmq dial an address; false if it cannot be dialled from here.
    func dial(_ target: String, isIPv6: Bool) -> Bool {
        guard let raw, (try? set(ZMQ_IPV6, to: Int32(isIPv6 ? 1 : 0), during: .connect)) != nil
        else {
            return false
        }
        return zmq_connect(raw, target) == 0
    }

    /// Ends what ``dial(_:isIPv6:)`` began.
    func hangUp(_ target: String) { zmq_disconnect(raw, target) }

    /// Dials an endpoint that libzmq has stopped dialling.
    func dialAgain(_ endpoint: String) {
        guard let raw else { return }
        zmq_disconnect(raw, endpoint)
        // It succeeded before, with the same endpoint.
        zmq_connect(raw, endpoint)
    }

    /// Ends all connections, and the calls to the handlers of the socket and its monitor.
    ///
    /// - Parameter lingering: How long, at most, libzmq keeps sending queued messages in the
    ///   background. ``Context/terminate()`` waits for that. With zero, libzmq 4.3 aborts the process if a
    ///   connection breaks in the middle of a message at this very moment (its issue 3442).
    public func close(lingering: Duration = .zero) {
        thread.checkIsolated()
        guard raw != nil else { return }
        // An option that any open socket accepts cannot fail.
        try? set(ZMQ_LINGER, to: lingering.milliseconds, during: .open)
        for attached in [self, monitorSocket, gateSocket] {
            if let attached { thread.detach(attached) }
        }
        closeRaw()
    }

    func closeRaw() {
        guard let raw else { return }
        if let monitorSocket {
            // First: an event without a reader would block libzmq's I/O thread forever.
            zmq_socket_monitor(raw, nil, 0)
            monitorSocket.closeRaw()
        }
        zmq_close(raw)
        gateSocket?.closeGate()
        self.raw = nil
        context.socketDidClose()
    }

    /// Prepares the socket for an endpoint.
    private func prepare(
        _ endpoint: Endpoint, for operation: SocketError.Operation, isIPv6: Bool
    ) throws(SocketError) -> UnsafeMutableRawPointer {
        thread.checkIsolated()
        guard let raw else { throw SocketError(operation, endpoint.text, code: ENOTSOCK) }
        try set(ZMQ_IPV6, to: Int32(isIPv6 ? 1 : 0), during: operation)
        // libzmq deletes a socket file in its way, even if another process listens there: that one
        // would continue, and never get a new peer again.
        if operation == .listen, endpoint.transport == .ipc,
            tern_someone_listens_at(String(endpoint.address)) != 0
        {
            throw SocketError(.listen, endpoint.text, code: EADDRINUSE)
        }
        return raw
    }

    func set<Value: FixedWidthInteger>(
        _ option: Int32, to value: Value, during operation: SocketError.Operation
    ) throws(SocketError) {
        var value = value
        guard zmq_setsockopt(raw, option, &value, MemoryLayout<Value>.size) == 0 else {
            let code = zmq_errno()
            let text = String(cString: zmq_strerror(code))
            throw SocketError(
                operation, nil, code: code, reason: "option \(option) = \(value): \(text)")
        }
    }

    /// Sets an option whose value may be a secret.
    func set(_ option: Int32, toBytes bytes: [UInt8]) throws(SocketError) {
        guard zmq_setsockopt(raw, option, bytes, bytes.count) == 0 else {
            throw SocketError(.open, code: zmq_errno())
        }
    }

    private func lastEndpoint(of raw: UnsafeMutableRawPointer) -> String? {
        var size = 1024
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            guard zmq_getsockopt(raw, ZMQ_LAST_ENDPOINT, buffer.baseAddress, &size) == 0 else {
                return
            }
            count = size - 1  // libzmq counts the zero byte at the end
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}

@available(*, unavailable, message: "a libzmq socket must stay on its thread")
extension Socket: Sendable {}
