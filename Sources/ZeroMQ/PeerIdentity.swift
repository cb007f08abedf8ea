/// The name that a router socket gives to one connection of a peer.
///
/// ZeroMQ picks it when the peer connects. A peer that reconnects has a new one.
public struct PeerIdentity: Hashable, Sendable, CustomStringConvertible {
    /// The routing id: 5 bytes that ZeroMQ picks, or up to 255 if a foreign peer chose its own.
    public let bytes: [UInt8]

    /// Makes an identity from a routing id's bytes.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    init(_ frame: Frame) {
        bytes = frame.withBytes { bytes in bytes.withUnsafeBytes { Array($0) } }
    }

    /// A text without the bytes.
    ///
    /// Whoever knows them can guess those of the next peer, and claim them: see ``ConnectionGuard``. A
    /// log names a peer by its address.
    public var description: String { "a peer" }
}
