/// The frames that arrived together, and who sent them.
public struct Message: Sendable {
    /// The connection it came over; nil on a socket that is not a router.
    public let sender: PeerIdentity?
    /// The name under which an encrypted server's ``Gate`` admitted the sender; nil elsewhere.
    public let user: String?
    /// The payload: at least one frame, without the routing id.
    public let frames: [Frame]
}

/// What a socket took off its queue.
public enum Received: Sendable {
    /// A whole message within the socket's limits.
    case message(Message)
    /// A message over the socket's limits, which was dropped as it was read.
    case oversized(sender: PeerIdentity?, frameCount: Int, byteCount: Int)
}

/// What became of a message that was to be sent: all of its frames were queued, or none.
public enum SendResult: Hashable, Sendable {
    /// The message is queued. Whether it arrives, only an answer can tell.
    case sent
    /// A router has no connection of that identity (any more).
    case peerUnreachable
    /// The peer's queue is full, or no peer is connected to a dealer.
    case full
}
