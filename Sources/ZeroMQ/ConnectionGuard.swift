import CZeroMQ

/// Keeps account of a listening socket's connections, and cuts off those that would take too much.
///
/// libzmq limits the size of a frame and the number of whole messages, but neither the frames of a
/// message that never ends nor the number of peers. What it keeps for a peer is at most what the
/// kernel has received for the connection, less what has been read from the socket: both are known.
/// Of an empty frame, two bytes on the wire, it makes 64 in memory: what is kept may be 32 times as
/// large as what came.
struct ConnectionGuard {
    private struct Connection {
        var peer: PeerIdentity?
        /// The bytes known to be of messages that have been read, and of libzmq's own commands.
        var read: UInt64
        /// Until when its pings and pongs are among them: from the connection's beginning on.
        var creditedUntil = ContinuousClock.now
        var isCut = false
    }

    private let isEncrypted: Bool
    private var connections: [Int32: Connection] = [:]

    init(isEncrypted: Bool) { self.isEncrypted = isEncrypted }

    /// What a connection begins with: a greeting, and a READY with an identity, or HELLO and INITIATE.
    private var handshake: UInt64 { isEncrypted ? 1024 : 512 }
    /// The pings and pongs of a second, of which libzmq tells nothing.
    private var commandsOfASecond: UInt64 { isEncrypted ? 256 : 64 }

    /// How long a connection may be before its peer says a first word.
    private static let longestSilence = Duration.seconds(10)

    /// A connection has been accepted; one too many is ended.
    mutating func opened(_ descriptor: Int32, most: Int) {
        connections[descriptor] = Connection(read: handshake)
        if connections.count > most { cut(descriptor) }
    }

    mutating func closed(_ descriptor: Int32) { connections[descriptor] = nil }

    /// A whole message has been read, of frames that take `byteCount` bytes together on the wire.
    mutating func hasRead(_ byteCount: Int, from peer: PeerIdentity, over descriptor: Int32) {
        guard var connection = connections[descriptor] else { return }
        connection.read += UInt64(byteCount)
        // Only with a message: a peer whose message never ends gets no credit for its frames.
        let seconds = (.now - connection.creditedUntil).components.seconds
        if seconds > 0 {
            connection.read += UInt64(seconds) * commandsOfASecond
            connection.creditedUntil = .now
        }
        // What is left of a connection that has ended may name the descriptor of a new one.
        if connection.peer == nil { connection.peer = peer }
        connections[descriptor] = connection
    }

    /// Ends connections over which too much has come that is not read yet, or nothing at all for long.
    mutating func limitUnread(of trusted: [PeerIdentity: Int], othersTogether most: Int) {
        var others: [(descriptor: Int32, count: UInt64)] = []
        for (descriptor, connection) in connections where !connection.isCut {
            if connection.peer == nil, .now - connection.creditedUntil > Self.longestSilence {
                cut(descriptor)
                continue
            }
            let received = tern_received_bytes(descriptor)
            // Commands take mostly less than was counted; that is no credit.
            let read = min(connection.read, received)
            connections[descriptor]?.read = read
            if let limit = connection.peer.flatMap({ trusted[$0] }) {
                if received - read > UInt64(limit) { cut(descriptor) }
            } else {
                others.append((descriptor, received - read))
            }
        }
        var total = others.reduce(0) { $0 + $1.count }
        for (descriptor, count) in others.sorted(by: { $0.count > $1.count }) {
            guard total > UInt64(most) else { return }
            cut(descriptor)
            total -= count
        }
    }

    /// Ends the connection of a peer that has been heard.
    mutating func cut(_ peer: PeerIdentity) {
        for (descriptor, connection) in connections where connection.peer == peer {
            cut(descriptor)
        }
    }

    /// Ends the connection that a peer's message came over, unless it is known to be another's.
    mutating func cut(_ descriptor: Int32, of peer: PeerIdentity) {
        guard let connection = connections[descriptor], !connection.isCut else { return }
        if connection.peer == nil || connection.peer == peer { cut(descriptor) }
    }

    /// libzmq still owns the descriptor: it sees the connection's end, and closes it.
    ///
    /// Should it have done so meanwhile, and the number be another's, that is another connection's
    /// end, whose peer dials again; on what is no connection this does nothing.
    private mutating func cut(_ descriptor: Int32) {
        connections[descriptor]?.isCut = true
        tern_end_connection(descriptor)
    }
}

extension Socket {
    /// Ends connections over which too much has come that is not read yet, more bytes than a trusted
    /// peer may send or more than `most` from all others together, and those over which no message came
    /// for long.
    ///
    /// How much has come is known of connections over tcp only.
    ///
    /// A listening socket with a monitor keeps account of its connections.
    public func limitUnread(of trusted: [PeerIdentity: Int], othersTogether most: Int) {
        thread.checkIsolated()
        connectionGuard.limitUnread(of: trusted, othersTogether: most)
    }

    /// Ends the connection of a peer, and so frees what is queued for it.
    public func cutOff(_ peer: PeerIdentity) {
        thread.checkIsolated()
        connectionGuard.cut(peer)
    }
}
