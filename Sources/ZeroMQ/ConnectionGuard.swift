import CZeroMQ
import Glibc

/// Keeps account of a listening socket's connections, and cuts off those that would take too much.
///
/// libzmq limits the size of a frame and the number of whole messages, but neither the frames of a
/// message that never ends nor the number of peers. What it keeps for a peer is at most what the
/// kernel has received for the connection, less what has been read from the socket: both are known.
struct ConnectionGuard {
    private struct Connection {
        var peer: PeerIdentity?
        /// The bytes known to be of messages that have been read.
        var read: UInt64 = 0
    }

    private var connections: [Int32: Connection] = [:]

    /// What a frame may have around it on the wire, encryption included.
    private static let mostFrameOverhead = 64

    /// A connection has been accepted; one too many is ended.
    mutating func opened(_ descriptor: Int32, most: Int) {
        connections[descriptor] = Connection()
        if connections.count > most { Self.cut(descriptor) }
    }

    mutating func closed(_ descriptor: Int32) { connections[descriptor] = nil }

    /// A whole message has been read.
    mutating func hasRead(
        _ byteCount: Int, frames: Int, from peer: PeerIdentity?, over descriptor: Int32
    ) {
        let count = UInt64(byteCount + frames * Self.mostFrameOverhead)
        connections[descriptor]?.read += count
        connections[descriptor]?.peer = peer
    }

    /// Ends the connections with the most bytes unread until all have no more than `limit` together.
    mutating func limitUnread(to limit: Int) {
        var unread: [(descriptor: Int32, count: UInt64)] = []
        var total: UInt64 = 0
        for (descriptor, connection) in connections {
            let received = tern_received_bytes(descriptor)
            // The overhead of frames is mostly less than was counted; that is no credit.
            connections[descriptor]?.read = min(connection.read, received)
            let count = received - min(connection.read, received)
            unread.append((descriptor, count))
            total += count
        }
        guard total > UInt64(limit) else { return }
        for (descriptor, count) in unread.sorted(by: { $0.count > $1.count }) {
            guard total > UInt64(limit) else { return }
            Self.cut(descriptor)
            total -= count
        }
    }

    /// Ends the connection of a peer that has been heard.
    func cut(_ peer: PeerIdentity) {
        for (descriptor, connection) in connections where connection.peer == peer {
            Self.cut(descriptor)
        }
    }

    /// libzmq still owns the descriptor: it sees the connection's end, and closes it.
    ///
    /// Should it have done so meanwhile, and the number be another's, that is another connection's
    /// end, whose peer dials again; on what is no connection this does nothing.
    private static func cut(_ descriptor: Int32) { shutdown(descriptor, Int32(SHUT_RDWR)) }
}

extension Socket {
    /// Ends the connections with the most bytes that have come and not been read until all have no
    /// more than `limit` bytes together; only connections over tcp are known.
    ///
    /// A listening socket with a monitor keeps account of its connections.
    public func limitUnread(to limit: Int) {
        thread.checkIsolated()
        connectionGuard.limitUnread(to: limit)
    }

    /// Ends the connection of a peer, and so frees what is queued for it.
    public func cutOff(_ peer: PeerIdentity) {
        thread.checkIsolated()
        connectionGuard.cut(peer)
    }
}
