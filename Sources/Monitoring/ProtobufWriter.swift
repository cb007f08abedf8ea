/// Writes a message in the wire format of Protocol Buffers, field by field.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    /// The encoding of a field's value.
    private enum WireType: UInt64 {
        case varint = 0
        case fixed64 = 1
        case delimited = 2
        case fixed32 = 5
    }

    mutating func add(_ value: UInt64, as field: UInt64) {
        key(field, .varint)
        varint(value)
    }

    mutating func add(_ value: Bool, as field: UInt64) { add(value ? 1 as UInt64 : 0, as: field) }

    mutating func add(_ value: Double, as field: UInt64) {
        key(field, .fixed64)
        bytes.append(littleEndian: value.bitPattern)
    }

    mutating func add(_ value: Float, as field: UInt64) {
        key(field, .fixed32)
        bytes.append(littleEndian: value.bitPattern)
    }

    mutating func add(_ text: String, as field: UInt64) { add(Array(text.utf8), as: field) }

    /// Adds a nested message with the fields that `fill` adds.
    mutating func add(messageAs field: UInt64, _ fill: (inout Self) -> Void) {
        var message = Self()
        fill(&message)
        add(message.bytes, as: field)
    }

    private mutating func add(_ content: [UInt8], as field: UInt64) {
        key(field, .delimited)
        varint(UInt64(content.count))
        bytes += content
    }

    private mutating func key(_ field: UInt64, _ type: WireType) {
        varint(field << 3 | type.rawValue)
    }

    /// Seven bits per byte, the lowest first; the highest bit is set in all bytes but the last.
    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
