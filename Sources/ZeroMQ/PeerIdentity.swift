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

    /// A short form for logs, such as `80004f2b`.
    public var description: String {
        // ZeroMQ's own ids are a zero byte and a 32-bit counter.
        let isOwn = bytes.count == 5 && bytes[0] == 0
        let shown = isOwn ? bytes[1...] : bytes.prefix(8)
        let digits = shown.map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }
        return digits.joined() + (bytes.count > 8 ? "..." : "")
    }
}
