import Bounds

// A payload of more than 256 KiB travels in blocks. The first follows the message's own header; each
// other one is a message of its own, with this header, little-endian:
//
//      0        4         6      7      8               16               24
//     +--------+---------+------+------+----------------+----------------+
//     | "TERN" | version | 4    | tries| run id         | step           |
//     +--------+---------+------+------+----------------+----------------+
//
//     24               32          36          40               48
//     +----------------+-----------+-----------+----------------+
//     | offset         | bytes     |     0     | checksum       |
//     +----------------+-----------+-----------+----------------+
//
// The step, the tries and the run are those of the message that the block belongs to. The checksum is
// XXH3-64 of the block.

/// The largest payload, in bytes, that travels in one message.
public let largestWholePayload = 1 << 18

/// The bytes of the smallest block; the last one of a payload may be smaller.
///
/// A connection is alive if a whole frame arrives within the heartbeat's timeout: so small blocks suit
/// slow links. They cost more time on fast ones.
public let smallestBlock = 1 << 16

/// The bytes of the largest block: a link of 10 Mbit/s carries it within the default timeout, so that one
/// which becomes slow is not given up.
public let largestBlock = 1 << 22

/// What all messages of a step have in common, until the run goes back.
public struct StepIdentity: Sendable, Hashable {
    /// The run.
    public let run: RunID
    /// The run's step, counted from 0.
    public let step: Int
    /// How often the run was rewound, modulo 256.
    public let attempt: UInt8

    /// The identity in the header of a step message; nil for any other header.
    public init?(_ header: [UInt8]) {
        guard isStepHeader(header), let reader = try? Reader(header), let step = try? reader.step
        else { return nil }
        (run, attempt) = (reader.run, reader.attempt)
        self.step = step
    }
}

/// Describes a block of a payload, except for the first.
public struct BlockHeader: Sendable, Equatable {
    /// The message that it belongs to.
    public let identity: StepIdentity
    /// The number of the payload's bytes before it.
    public let offset: Int
    /// Its bytes.
    public let count: Int
    /// XXH3-64 of its bytes.
    public let checksum: UInt64

    /// The description of a block.
    public init(_ identity: StepIdentity, offset: Int, count: Int, checksum: UInt64) {
        self.identity = identity
        self.offset = offset
        self.count = count
        self.checksum = checksum
    }

    /// The header frame.
    public var header: [UInt8] {
        var writer = Writer(
            .block, run: identity.run, step: identity.step, attempt: identity.attempt)
        writer.append(UInt64(offset))
        writer.append(UInt32(count))
        writer.append(UInt32(0))
        writer.append(checksum)
        return writer.bytes
    }

    /// Whether a header frame claims to be that of a block.
    public static func isPresent(in header: [UInt8]) -> Bool {
        isStepHeader(header) && (try? Reader(header))?.type == .block
    }

    /// Decodes a header frame.
    public static func decode(_ header: [UInt8]) throws(ProtocolError) -> BlockHeader {
        guard isPresent(in: header), header.count == 48, let identity = StepIdentity(header) else {
            throw .malformed("a block's header is 48 bytes long")
        }
        let reader = try Reader(header)
        let count = reader.int(at: 32)
        guard (1...largestBlock).contains(count), reader.int(at: 36) == 0 else {
            throw .malformed("a block of \(count) bytes")
        }
        return BlockHeader(
            identity, offset: try reader.byteCount(at: 24), count: count,
            checksum: reader.value(at: 40))
    }
}

/// What is wrong with a block that comes to the door by itself.
let strayBlock = "a block of no payload that is under way"
