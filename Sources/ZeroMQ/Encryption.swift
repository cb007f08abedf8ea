import CZeroMQ

/// A pair of Curve25519 keys, which proves one end's identity to the other end of a connection.
public struct CurveKeyPair: Hashable, Sendable {
    /// The bytes of either key.
    public static let keyLength = 32

    /// The half that the other end knows.
    public let publicKey: [UInt8]
    /// The half that must stay secret.
    package let secretKey: [UInt8]

    /// The pair of a secret key, which is any 32 bytes that cannot be guessed.
    ///
    /// - Throws: ``SocketError`` if libzmq was built without encryption.
    public init(secretKey: [UInt8]) throws(SocketError) {
        precondition(secretKey.count == Self.keyLength, "a key has \(Self.keyLength) bytes")
        // libzmq derives public keys in Z85 only: five letters for four bytes, and a final zero.
        var secretText = [CChar](repeating: 0, count: Self.keyLength / 4 * 5 + 1)
        var publicText = secretText
        var publicKey = [UInt8](repeating: 0, count: Self.keyLength)
        guard zmq_z85_encode(&secretText, secretKey, secretKey.count) != nil,
            zmq_curve_public(&publicText, &secretText) == 0,
            zmq_z85_decode(&publicKey, &publicText) != nil
        else {
            throw SocketError(
                .open, nil, code: zmq_errno(),
                reason: "this libzmq was built without encryption (CURVE)")
        }
        self.secretKey = secretKey
        self.publicKey = publicKey
    }
}

/// How the two ends of a connection authenticate each other and encrypt their messages (CurveZMQ,
/// ZeroMQ RFC 26).
public enum Encryption: Hashable, Sendable {
    /// Admits only the peers that a gate admits.
    case server(CurveKeyPair, Gate)
    /// Connects only to the holder of the secret of one of these public keys.
    ///
    /// A connection tries one of them; if that fails, the next tries one drawn at random.
    case client(CurveKeyPair, servers: [[UInt8]])

    /// The bytes added to a frame: a command's name, half of a nonce, a code and the flags.
    static let frameOverhead = 33
}

extension Socket {
    func encrypt(_ encryption: Encryption) throws(SocketError) {
        switch encryption {
        case .server(let pair, let gate):
            try open(gate)
            try set(ZMQ_CURVE_SERVER, to: Int32(1), during: .open)
            try set(ZMQ_CURVE_SECRETKEY, toBytes: pair.secretKey)
        case .client(let pair, let servers):
            precondition(!servers.isEmpty, "a client knows its server's key")
            try set(ZMQ_CURVE_SERVERKEY, toBytes: servers[0])
            try set(ZMQ_CURVE_PUBLICKEY, toBytes: pair.publicKey)
            try set(ZMQ_CURVE_SECRETKEY, toBytes: pair.secretKey)
        }
    }

    /// Answers libzmq's question whether to admit a peer that has proved to hold a key (ZAP, ZeroMQ RFC
    /// 27).
    ///
    /// A context has one place where libzmq asks, so only one of its sockets can be a server.
    private func open(_ gate: Gate) throws(SocketError) {
        let socket = try Socket(context, .reply, on: thread)
        try socket.bind(Self.gateEndpoint)
        try set(ZMQ_ZAP_DOMAIN, toBytes: Array(Self.gateDomain.utf8))
        // Makes libzmq refuse everybody, instead of admitting everybody, if the gate is gone. It is a
        // draft: the header lacks it, and a build may too; but the gate is closed after the socket.
        let enforceDomain: Int32 = 93
        try? set(enforceDomain, to: Int32(1), during: .open)
        gateSocket = socket
        thread.attach(socket) {
            // Exactly one reply to each request: at a second one libzmq ends the process.
            while case .message(let request)? = self.gateSocket?.receive() {
                _ = self.gateSocket?.send(Self.answer(request.frames, gate))
            }
        }
    }

    /// Closes a gate, so that another can take its place at once.
    func closeGate() {
        // Closing alone would free the place a little later.
        zmq_unbind(raw, Self.gateEndpoint)
        closeRaw()
    }

    private static let gateEndpoint = "inproc://zeromq.zap.01"
    private static let gateDomain = "tern"

    /// Decides on a request and answers it.
    ///
    /// A request is version, number, domain, address, identity, mechanism and the peer's public key.
    /// The answer is version, number, status, its text, a user's name and metadata.
    private static func answer(_ request: [Frame], _ gate: Gate) -> [Frame] {
        let isCurve =
            request.count == 7 && request[2].holds(gateDomain.utf8)
            && request[5].holds("CURVE".utf8)
        let (status, text, user) =
            switch isCurve ? gate.decide(request[6].array) : .refuse {
            case .admit(let user): ("200", "OK", user)
            case .refuse: ("400", "unknown key", "")
            case .refuseForNow: ("300", "too many connections", "")
            }
        return request.prefix(2) + [status, text, user, ""].map { Frame(Array($0.utf8)) }
    }

    /// Whether the server has several keys to try.
    var hasServerKeys: Bool {
        if case .client(_, let servers)? = options.encryption { servers.count > 1 } else { false }
    }

    /// Makes the next connection try another of the server's keys, if it has several.
    ///
    /// At random, so that it cannot stay in step with the alternating addresses of a name.
    func changeServerKey() {
        guard hasServerKeys, case .client(_, let servers)? = options.encryption,
            let key = servers.randomElement()
        else { return }
        // The option was set before, to a key of the same length.
        try? set(ZMQ_CURVE_SERVERKEY, toBytes: key)
    }
}

extension Frame {
    fileprivate var array: [UInt8] {
        withBytes { bytes in bytes.withUnsafeBytes { Array($0) } }
    }

    fileprivate func holds(_ expected: some Sequence<UInt8>) -> Bool {
        withBytes { bytes in bytes.withUnsafeBytes { $0.elementsEqual(expected) } }
    }
}
