import Bounds

/// The version of the protocol, and of the order of additions in what workers compute: with another
/// version, a worker's sums would have other bits.
public let protocolVersion = 8

/// The largest control header, in bytes, except for those with ranges of slots: a welcome has some 600,
/// and a reason of 400 bytes fits however it is escaped.
public let maximumControlSize = 1 << 12

/// The largest header frame, in bytes: it holds ``maximumShards`` ranges of slots, of eight bytes each.
///
/// The size of payload frames is limited by what their header announces.
public let maximumHeaderSize = 8 * maximumShards + 1024

/// The most shards of a run.
public let maximumShards = ShardCount.limits.range.upperBound

/// The run that a message belongs to: drawn at random when a coordinator starts.
public struct RunID: Hashable, Sendable, CustomStringConvertible {
    /// The number on the wire.
    public let value: UInt64

    /// The run of a worker's messages before it knows the run.
    public static let unknown = RunID(0)

    /// The run with this number.
    public init(_ value: UInt64) { self.value = value }

    /// Sixteen hexadecimal digits.
    public var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// A message that cannot be used; it is dropped, counted and logged with its sender.
public enum ProtocolError: Error, Equatable, CustomStringConvertible {
    /// The peer uses another version.
    case otherVersion(Int)
    /// The header is not a header, or a field of it is impossible.
    case malformed(String)
    /// A frame is missing, or has another size than its header announces.
    case wrongPayload(String)
    /// The message belongs to another run.
    case otherRun(RunID)

    /// What is wrong.
    public var description: String {
        switch self {
        case .otherVersion(let version):
            "it speaks protocol version \(version), not \(protocolVersion): run the same Tern on "
                + "every machine"
        case .malformed(let reason): "a malformed message: \(reason)"
        case .wrongPayload(let reason): "a message with wrong payload: \(reason)"
        case .otherRun(let run): "a message of run \(run)"
        }
    }
}
