import Bounds

// The messages of every step have a fixed binary header, little-endian:
//
//      0        4         6      7      8               16               24
//     +--------+---------+------+------+----------------+----------------+
//     | "TERN" | version | type | tries| run id         | step           |
//     +--------+---------+------+------+----------------+----------------+
//
//     24          28          32               40          44          48
//     +-----------+-----------+----------------+-----------+-----------+----
//     | ranges    | timed     | checksum       | first slot| slots     | ...   weights, compute
//     +-----------+-----------+----------------+-----------+-----------+----
//
//     24          28          32         36         40           48           56
//     +-----------+-----------+----------+----------+------------+------------+
//     | level     | residue   | examples | correct  | loss (f64) | checksum   |   partial sum
//     +-----------+-----------+----------+----------+------------+------------+
//
//     56          60          64               72            76          80
//     +-----------+-----------+----------------+-------------+-----------+----
//     | lanes     | took      | began          | lane began  | computed  | ...   last sum of a range
//     +-----------+-----------+----------------+-------------+-----------+----
//
// Timed is 1 if the answer should tell where the worker's time went, else 0. The times are in microseconds: began
// on the worker's clock, lane began relative to that.
//
// The checksum is XXH3-64 of the payload frame, zero if there is none. The tries count how often the
// run was rewound, modulo 256: a request has the count, and its answers repeat it.

/// What the coordinator requests in one step: the gradients of ranges of slots, separately for each.
public struct WorkHeader: Sendable, Equatable {
    /// The run's step, counted from 0.
    public var step: Int
    /// How often the run was rewound, modulo 256.
    public var attempt: UInt8
    /// The slots to compute, at least one.
    public var ranges: SlotRanges
    /// XXH3-64 of the weights; zero if none follow.
    public var checksum: UInt64
    /// Whether the last sum of a range should carry the worker's timing.
    public var isTimed: Bool

    /// A request to compute the gradients of `ranges`.
    public init(
        step: Int, attempt: UInt8 = 0, ranges: SlotRanges, checksum: UInt64, isTimed: Bool = false
    ) {
        self.step = step
        self.attempt = attempt
        self.ranges = ranges
        self.checksum = checksum
        self.isTimed = isTimed
    }
}

/// Announces the sum of the gradients under one node of the reduction tree.
public struct PartialSumHeader: Sendable, Equatable {
    /// The run's step, counted from 0.
    public var step: Int
    /// The request's count of rewinds.
    public var attempt: UInt8
    /// The node's distance from the root.
    public var level: Int
    /// The residue that identifies the node on its level.
    public var residue: Int
    /// The number of examples summed.
    public var examples: Int
    /// The number of examples whose most likely class was the label.
    public var correct: Int
    /// The summed cross entropy, in nats.
    public var loss: Double
    /// XXH3-64 of the gradients.
    public var checksum: UInt64
    /// Where the worker's time went; only with the last sum of a range, if it was asked for.
    public var timing: WorkTiming?

    /// The announcement of a partial sum.
    public init(
        step: Int, attempt: UInt8 = 0, level: Int, residue: Int, examples: Int, correct: Int,
        loss: Double, checksum: UInt64, timing: WorkTiming? = nil
    ) {
        self.step = step
        self.attempt = attempt
        self.level = level
        self.residue = residue
        self.examples = examples
        self.correct = correct
        self.loss = loss
        self.checksum = checksum
        self.timing = timing
    }
}

enum StepType: UInt8 {
    case weights = 1
    case compute = 2
    case partialSum = 3
    case block = 4
}

private let magic = Array("TERN".utf8)

/// Whether a header frame is one of a step message rather than JSON.
func isStepHeader(_ header: [UInt8]) -> Bool { header.starts(with: magic) }

func encode(_ work: WorkHeader, _ type: StepType, run: RunID) -> [UInt8] {
    var writer = Writer(type, run: run, step: work.step, attempt: work.attempt)
    writer.append(UInt32(work.ranges.ranges.count))
    writer.append(UInt32(work.isTimed ? 1 : 0))
    writer.append(work.checksum)
    for number in work.ranges.firstsAndCounts { writer.append(UInt32(number)) }
    return writer.bytes
}

func encode(_ sum: PartialSumHeader, run: RunID) -> [UInt8] {
    var writer = Writer(.partialSum, run: run, step: sum.step, attempt: sum.attempt)
    writer.append(UInt32(sum.level))
    writer.append(UInt32(sum.residue))
    writer.append(UInt32(sum.examples))
    writer.append(UInt32(sum.correct))
    writer.append(sum.loss.bitPattern)
    writer.append(sum.checksum)
    if let timing = sum.timing {
        writer.append(UInt32(timing.laneCount))
        for number in timing.numbers { writer.append(number) }
    }
    return writer.bytes
}

func decodeWork(_ reader: Reader) throws(ProtocolError) -> WorkHeader {
    let end = reader.bytes.count
    guard end >= 48, end == 40 + 8 * reader.int(at: 24),
        reader.int(at: 28) <= 1
    else { throw .malformed("a work header of another length than its ranges") }
    let numbers = stride(from: 40, to: end, by: 4).map { reader.int(at: $0) }
    return WorkHeader(
        step: try reader.step, attempt: reader.attempt,
        ranges: try SlotRanges(firstsAndCounts: numbers),
        checksum: reader.value(at: 32), isTimed: reader.int(at: 28) == 1)
}

func decodePartialSum(_ reader: Reader) throws(ProtocolError) -> PartialSumHeader {
    let timing = try decodeTiming(reader)
    return PartialSumHeader(
        step: try reader.step, attempt: reader.attempt,
        level: try reader.number(TreeLevel.self, at: 24),
        residue: try reader.number(ShardNumber.self, at: 28),
        examples: try reader.number(ExampleCount.self, at: 32),
        correct: try reader.number(ExampleCount.self, at: 36),
        loss: try reader.loss(at: 40), checksum: reader.value(at: 48), timing: timing)
}

/// Decodes what follows the fields of every partial sum.
private func decodeTiming(_ reader: Reader) throws(ProtocolError) -> WorkTiming? {
    let end = reader.bytes.count
    if end == 56 { return nil }
    guard end >= 72 else {
        throw .malformed("a partial sum's header is 56 bytes long, or 72 and 8 a lane")
    }
    let lanes = try reader.number(TimedLaneCount.self, at: 56)
    guard end == 72 + 8 * lanes else {
        throw .malformed("a partial sum's header of another length than its lanes")
    }
    try reader.checkTime(at: 64)
    return WorkTiming(
        numbers: stride(from: 60, to: end, by: 4).map {
            UInt32(truncatingIfNeeded: reader.int(at: $0))
        })
}

struct Writer {
    private(set) var bytes: [UInt8] = []

    init(_ type: StepType, run: RunID, step: Int, attempt: UInt8) {
        bytes.reserveCapacity(88)
        bytes += magic
        append(UInt16(protocolVersion))
        append(type.rawValue)
        append(attempt)
        append(run.value)
        append(UInt64(step))
    }

    mutating func append(_ value: some FixedWidthInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}

/// Decodes the fields of a step header whose length has been checked.
struct Reader {
    let bytes: [UInt8]
    let type: StepType
    let run: RunID

    init(_ bytes: [UInt8]) throws(ProtocolError) {
        guard bytes.count >= 24 else { throw .malformed("a step header of \(bytes.count) bytes") }
        self.bytes = bytes
        let version = Self.value(UInt16.self, bytes, at: 4)
        guard version == protocolVersion else { throw .otherVersion(Int(version)) }
        guard let type = StepType(rawValue: bytes[6]) else {
            throw .malformed("a step message of unknown type \(bytes[6])")
        }
        self.type = type
        run = RunID(Self.value(UInt64.self, bytes, at: 8))
    }

    var step: Int {
        get throws(ProtocolError) {
            // A number that no integer holds is no step either.
            try checked(Int(clamping: value(at: 16)), StepNumber.self)
        }
    }

    var attempt: UInt8 { bytes[7] }

    func value(at offset: Int) -> UInt64 { Self.value(UInt64.self, bytes, at: offset) }

    /// A number of 32 bits.
    func int(at offset: Int) -> Int { Int(Self.value(UInt32.self, bytes, at: offset)) }

    /// A number of 32 bits within the limits of `Kind`.
    func number<Kind: Bound>(
        _ kind: Kind.Type, at offset: Int
    ) throws(ProtocolError) -> Int where Kind.Value == Int {
        try checked(int(at: offset), kind)
    }

    /// A number of bytes, of 64 bits.
    func byteCount(at offset: Int) throws(ProtocolError) -> Int {
        try checked(Int(clamping: value(at: offset)), ByteCount.self)
    }

    /// A loss, which may be infinite or NaN if training diverges.
    func loss(at offset: Int) throws(ProtocolError) -> Double {
        let loss = Double(bitPattern: value(at: offset))
        return loss.isFinite ? try checked(loss, LossSum.self) : loss
    }

    /// Checks a time of 64 bits, in microseconds.
    func checkTime(at offset: Int) throws(ProtocolError) {
        _ = try checked(Int(clamping: value(at: offset)), Microseconds.self)
    }

    private func checked<Kind: Bound>(
        _ value: Kind.Value, _ kind: Kind.Type
    ) throws(ProtocolError) -> Kind.Value {
        do throws(OutOfBounds) {
            return try Kind.checked(value)
        } catch {
            throw .malformed("\(error)")
        }
    }

    private static func value<Value: FixedWidthInteger>(
        _ type: Value.Type, _ bytes: [UInt8], at offset: Int
    ) -> Value {
        (0..<Value.bitWidth / 8).reduce(Value.zero) { value, index in
            value | Value(truncatingIfNeeded: bytes[offset + index]) << Value(8 * index)
        }
    }
}
