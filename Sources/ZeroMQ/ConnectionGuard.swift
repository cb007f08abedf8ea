import Bounds
import CZeroMQ

/// Tracks a socket's connections, and closes those that would take too much memory.
///
/// libzmq limits the size of a frame and the number of whole messages, but neither the frames of a
/// message that never ends nor the number of peers. For a peer it keeps at most what the kernel has
/// received for the connection, less what has been read from the socket: both are known. An empty frame
/// takes two bytes on the wire and 64 in memory, so libzmq may keep 32 times as much as it received.
struct ConnectionGuard {
    private struct Connection {
        var peer: PeerIdentity?
        /// The bytes known to belong to messages already read, and to libzmq's own commands.
        var read: UInt64
        /// The time up to which `read` includes pings and pongs, from the connection's start on.
        var creditedUntil = ContinuousClock.now
        var isCut = false
        /// The messages allowed while the socket's owner does not trust the peer: hellos, a second
        /// apart, and those that a dropped peer sends before it learns that it was dropped.
        var words = TokenBucket(most: 64, aSecond: 2)

        /// Records the peer that uses the descriptor now, which may not be the one before.
        mutating func begin(_ peer: PeerIdentity) {
            if self.peer != nil { words = Self(read: 0).words }
            self.peer = peer
        }

        /// Counts a message that was read, and the commands that may have arrived since the last one.
        mutating func credit(_ byteCount: Int, commandsOfASecond: UInt64) {
            read += UInt64(byteCount)
            let now = ContinuousClock.now
            guard now - creditedUntil >= .seconds(1) else { return }
            read += UInt64((now - creditedUntil).components.seconds) * commandsOfASecond
            creditedUntil = now
        }
    }

    private let isEncrypted: Bool
    private let limitsNewcomers: Bool
    private var connections: [Int32: Connection] = [:]
    /// The peers whose connections have ended: more of their messages may be read, from a descriptor
    /// that belongs to another connection by now.
    private var departed = RecentPeers()
    private let start = ContinuousClock.now
    /// The new connections accepted without encryption: 256 workers at once, then 16 a second.
    ///
    /// A router numbers its peers in sequence from a number that it draws from 2^32. If a peer has
    /// claimed the next number as its own identity, libzmq ends the process (zeromq 4.3.4,
    /// socket_base.cpp). The numbers are secret, so a stranger has to guess. With c connections at a
    /// time that each claim one, and n new connections a second, a guess is right n * c / 2^32 times a
    /// second. Strangers hold a connection for ten seconds: c is 160 and n is 16, so it takes 19 days
    /// on average. With encryption, nobody gets that far without a key.
    private var newcomers = TokenBucket(most: 256, aSecond: 16)

    init(isEncrypted: Bool, limitsNewcomers: Bool) {
        self.isEncrypted = isEncrypted
        self.limitsNewcomers = limitsNewcomers && !isEncrypted
    }

    private var now: Duration { .now - start }

    /// The bytes at a connection's start: a greeting, and a READY with an identity, or HELLO and
    /// INITIATE.
    private var handshake: UInt64 { isEncrypted ? 1024 : 512 }
    /// The bytes of a second's pings and pongs, which libzmq does not report.
    private var commandsOfASecond: UInt64 { isEncrypted ? 256 : 64 }

    /// The bytes that may wait in the kernel.
    ///
    /// A ping waits behind them, and its answer must be here within the heartbeat's timeout.
    private static let mostUnsent: Int32 = 1 << 16

    /// How long a connection may last before its peer's first message.
    private static let longestSilence = Duration.seconds(10)

    /// Tracks an accepted connection; closes it if it is one too many, or comes too soon.
    mutating func opened(_ descriptor: Int32, most: Int) {
        track(descriptor)
        if connections.count > most || limitsNewcomers && !newcomers.take(now: .now - start) {
            cut(descriptor)
        }
    }

    /// Tracks a connection to a dialled peer that answered.
    mutating func reached(_ descriptor: Int32) { track(descriptor) }

    private mutating func track(_ descriptor: Int32) {
        connections[descriptor] = Connection(read: handshake)
        tern_limit_unsent_bytes(descriptor, Self.mostUnsent)
    }

    /// Stops tracking a connection that ended; returns its peer, if a message came over it.
    mutating func closed(_ descriptor: Int32) -> PeerIdentity? {
        let peer = connections.removeValue(forKey: descriptor)?.peer
        if let peer { departed.insert(peer) }
        return peer
    }

    /// Counts a message of an untrusted peer; returns whether the peer may send it.
    mutating func spend(_ peer: PeerIdentity) -> Bool {
        guard let descriptor = connections.first(where: { $0.value.peer == peer })?.key else {
            return true
        }
        let now = now
        return connections[descriptor]?.words.take(now: now) == true
    }

    /// Counts a whole message that was read; its frames take `byteCount` bytes on the wire.
    mutating func countRead(_ byteCount: Int, from peer: PeerIdentity?, over descriptor: Int32) {
        guard let index = connections.index(forKey: descriptor) else { return }
        if let peer, peer != connections.values[index].peer {
            guard !departed.contains(peer) else { return }
            // If a connection ended before any of its messages was read, these still come first.
            if let earlier = connections.values[index].peer { departed.insert(earlier) }
            connections.values[index].begin(peer)
        }
        // Only for whole messages: a peer whose message never ends gets no credit for its frames.
        connections.values[index].credit(byteCount, commandsOfASecond: commandsOfASecond)
    }

    /// Closes connections with too much unread data, or without a first message for too long.
    ///
    /// - Returns: the trusted peers with too much unread data.
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
            // Commands mostly take less than was counted; that must not become credit.
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

    /// Closes connections to dialled peers with more than `most` unread bytes.
    ///
    /// - Returns: whether there were any.
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

    /// Closes the connection of a known peer.
    mutating func cut(_ peer: PeerIdentity) {
        for (descriptor, connection) in connections where connection.peer == peer {
            cut(descriptor)
        }
    }

    /// Closes the connection that a peer's message came over, unless it is known to be another's.
    mutating func cut(_ descriptor: Int32, of peer: PeerIdentity) {
        guard let connection = connections[descriptor], !connection.isCut else { return }
        let isOwn = connection.peer == peer || connection.peer == nil && !departed.contains(peer)
        if isOwn { cut(descriptor) }
    }

    /// libzmq still owns the descriptor: it notices the connection's end, and closes it.
    ///
    /// If libzmq has closed it meanwhile and the number is another connection's, that one ends and its
    /// peer dials again. On anything but a connection this does nothing.
    private mutating func cut(_ descriptor: Int32) {
        connections[descriptor]?.isCut = true
        tern_end_connection(descriptor)
    }
}
