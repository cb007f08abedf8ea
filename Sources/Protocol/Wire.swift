import Bounds

/// The version of all that coordinator and workers say to each other, and of the order of additions in
/// what they compute: with another, a worker's sums would have other bits.
public let protocolVersion = 6

/// The largest control header, in bytes, but for those that name ranges of slots: a welcome has some 600,
/// a last word of 400 bytes fits however it is escaped.
public let maximumControlSize = 1 << 12

/// The largest header frame, in bytes: it names ``maximumShards`` ranges of slots, of eight bytes each.
///
/// Payload frames are bounded by what their header announces.
public let maximumHeaderSize = 8 * maximumShards + 1024

/// The most shards of a run.
public let maximumShards = ShardCount.limits.range.upperBound

/// Which run a message belongs to: drawn at random when a coordinator starts.
public struct RunID: Hashable, Sendable, CustomStringConvertible {
    /// The number that goes over the wire.
    public let value: UInt64

    /// What a worker says before it has been told.
    public static let unknown = RunID(0)

    /// The run of a number.
    public init(_ value: UInt64) { self.value = value }

    /// Sixteen hexadecimal digits.
    public var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// A message that cannot be understood; it is dropped, counted and logged with its sender.
public enum ProtocolError: Error, Equatable, CustomStringConvertible {
    /// The peer speaks another version.
    case otherVersion(Int)
    /// The header is no header, or a field of it is impossible.
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
