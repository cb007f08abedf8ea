import Hashing

/// A record of TensorFlow's record format: a length, the bytes, and a checksum behind each of the two.
enum RecordFrame {
    /// The record of these bytes.
    static func framing(_ content: [UInt8]) -> [UInt8] {
        var record: [UInt8] = []
        record.append(littleEndian: UInt64(content.count))
        record.append(littleEndian: maskedSum(of: record))
        record += content
        record.append(littleEndian: maskedSum(of: content))
        return record
    }

    /// The format alters a checksum, since that of bytes which hold their own checksum tells little.
    private static func maskedSum(of bytes: [UInt8]) -> UInt32 {
        let sum = CRC32C.sum(of: bytes)
        return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
    }
}

extension [UInt8] {
    /// Adds a number, its lowest byte first.
    mutating func append(littleEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { self += $0 }
    }
}
