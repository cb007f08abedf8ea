/// The name that a router socket gives to one connection of a peer.
///
/// ZeroMQ picks it when the peer connects. A peer that reconnects has a new one.
public struct PeerIdentity: Hashable, Sendable, CustomStringConvertible {
    /// The routing id: 5 bytes as ZeroMQ picks them; up to 255 where a foreign peer chose its own.
    public let bytes: [UInt8]

    /// Makes an identity of a routing id's bytes.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    init(_ frame: Frame) {
        bytes = frame.withBytes { bytes in bytes.withUnsafeBytes { Array($0) } }
    }

    /// Nothing of the bytes.
    ///
    /// Whoever is told them can guess those of the next peer, and claim them: see ``ConnectionGuard``. In
    /// a log a peer is named by its address.
    public var description: String { "a peer" }
}
