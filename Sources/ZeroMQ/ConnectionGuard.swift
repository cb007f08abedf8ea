import Bounds
import CZeroMQ

/// Keeps account of a socket's connections, and cuts off those that would take too much.
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
        /// What its peer may say before the socket's owner trusts it: hellos, a second apart, and what
        /// a peer that was trusted still says until it hears that it is no more.
        var words = TokenBucket(most: 64, aSecond: 2)

        /// Another peer than before is heard over its descriptor.
        mutating func begin(_ peer: PeerIdentity) {
            if self.peer != nil { words = Self(read: 0).words }
            self.peer = peer
        }

        /// Counts a message that was read, and the commands that may have come since the last one.
        mutating func credit(_ byteCount: Int, commandsOfASecond: UInt64) {
            read += UInt64(byteCount)
            let now = ContinuousClock.now
            guard now - creditedUntil >= .seconds(1) else { return }
            read += UInt64((now - creditedUntil).components.seconds) * commandsOfASecond
            creditedUntil = now
        }
    }

    private let isEncrypted: Bool
    private var connections: [Int32: Connection] = [:]
    /// The peers whose connections have ended: of what they said more may be read, from a descriptor that
    /// names another connection by now.
    private var departed = RecentPeers()
    private let start = ContinuousClock.now
    /// The new connections that are let in where anybody may dial: 256 workers at once, then 16 a second.
    ///
    /// A router calls its peers by numbers in sequence, the first of which it draws from 2^32, and libzmq
    /// ends the process when the next number is what another peer calls itself (zeromq 4.3.4,
    /// socket_base.cpp). Nobody is told a number, so a stranger has to guess. Over c connections at a
    /// time that each claim one, and with n new connections a second, a guess is right n * c / 2^32
    /// times a second. Strangers hold a connection for ten seconds: c is 160 and n is 16, and so it
    /// takes 19 days on average. With a key, nobody gets so far without it.
    private var newcomers = TokenBucket(most: 256, aSecond: 16)

    init(isEncrypted: Bool) { self.isEncrypted = isEncrypted }

    private var now: Duration { .now - start }

    /// What a connection begins with: a greeting, and a READY with an identity, or HELLO and INITIATE.
    private var handshake: UInt64 { isEncrypted ? 1024 : 512 }
    /// The pings and pongs of a second, of which libzmq tells nothing.
    private var commandsOfASecond: UInt64 { isEncrypted ? 256 : 64 }

    /// How long a connection may be before its peer says a first word.
    private static let longestSilence = Duration.seconds(10)

    /// A connection has been accepted; one too many, or too soon, is ended.
    mutating func opened(_ descriptor: Int32, most: Int) {
        connections[descriptor] = Connection(read: handshake)
        if connections.count > most || !isEncrypted && !newcomers.take(now: .now - start) {
            cut(descriptor)
        }
    }

    /// A peer that was dialled has answered.
    mutating func reached(_ descriptor: Int32) {
        connections[descriptor] = Connection(read: handshake)
    }

    /// A connection has ended; gives back whose it was, if anything was heard over it.
    mutating func closed(_ descriptor: Int32) -> PeerIdentity? {
        let peer = connections.removeValue(forKey: descriptor)?.peer
        if let peer { departed.insert(peer) }
        return peer
    }

    /// A peer that is not trusted has said something; gives back whether it may.
    mutating func spend(_ peer: PeerIdentity) -> Bool {
        guard let descriptor = connections.first(where: { $0.value.peer == peer })?.key else {
            return true
        }
        let now = now
        return connections[descriptor]?.words.take(now: now) == true
    }

    /// A whole message has been read, of frames that take `byteCount` bytes together on the wire.
    mutating func hasRead(_ byteCount: Int, from peer: PeerIdentity?, over descriptor: Int32) {
        guard let index = connections.index(forKey: descriptor) else { return }
        if let peer, peer != connections.values[index].peer {
            guard !departed.contains(peer) else { return }
            // A connection may have ended before anything of it was read: its peer is heard first.
            if let earlier = connections.values[index].peer { departed.insert(earlier) }
            connections.values[index].begin(peer)
        }
        // Only with a message: a peer whose message never ends gets no credit for its frames.
        connections.values[index].credit(byteCount, commandsOfASecond: commandsOfASecond)
    }

    /// Ends connections over which too much has come that is not read yet, or nothing at all for long.
    ///
    /// - Returns: the trusted peers of which too much has come.
    mutating func limitUnread(
        of trusted: [PeerIdentity: Int], othersTogether most: Int
    ) -> [PeerIdentity] {
        var excessive: [PeerIdentity] = []
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
            if let peer = connection.peer, let limit = trusted[peer] {
                guard received - read > UInt64(limit) else { continue }
                excessive.append(peer)
                cut(descriptor)
            } else {
                others.append((descriptor, received - read))
            }
        }
        var total = others.reduce(0) { $0 + $1.count }
        for (descriptor, count) in others.sorted(by: { $0.count > $1.count }) {
            guard total > UInt64(most) else { break }
            cut(descriptor)
            total -= count
        }
        return excessive
    }

    /// Ends connections to peers that were dialled over which more than `most` bytes have come that are not
    /// read yet.
    ///
    /// - Returns: whether there are any.
    mutating func limitUnread(toEach most: Int) -> Bool {
        var isAnyCut = false
        for (descriptor, connection) in connections where !connection.isCut {
            let received = tern_received_bytes(descriptor)
            let read = min(connection.read, received)
            connections[descriptor]?.read = read
            guard received - read > UInt64(most) else { continue }
            cut(descriptor)
            isAnyCut = true
        }
        return isAnyCut
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
        let isOwn = connection.peer == peer || connection.peer == nil && !departed.contains(peer)
        if isOwn { cut(descriptor) }
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
