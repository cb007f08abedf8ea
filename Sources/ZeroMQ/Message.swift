/// The frames that arrived together, and their sender.
public struct Message: Sendable {
    /// The connection it came over; nil on a socket that is not a router.
    public let sender: PeerIdentity?
    /// The name under which an encrypted server's ``Gate`` admitted the sender; nil elsewhere.
    public let user: String?
    /// The payload: at least one frame, without the routing id.
    public let frames: [Frame]
}

/// A message that a socket took off its queue.
public enum Received: Sendable {
    /// A whole message within the socket's limits.
    case message(Message)
    /// A message over the socket's limits, dropped while it was read.
    case oversized(sender: PeerIdentity?, frameCount: Int, byteCount: Int)
}

/// The result of a send: all frames of the message were queued, or none.
public enum SendResult: Hashable, Sendable {
    /// The message is queued. Only an answer shows that it has arrived.
    case sent
    /// A router has no connection with that identity (any more).
    case peerUnreachable
    /// The peer's queue is full, or no peer is connected to a dealer.
    case full
}
