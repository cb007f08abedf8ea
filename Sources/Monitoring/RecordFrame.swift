import Hashing

/// TensorFlow's record format: a length, the bytes, and a checksum after each of the two.
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

    /// Masks a checksum as the format demands: a CRC over data that contains its own CRC is weak.
    private static func maskedSum(of bytes: [UInt8]) -> UInt32 {
        let sum = CRC32C.sum(of: bytes)
        return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
    }
}

extension [UInt8] {
    /// Appends a number in little-endian order.
    mutating func append(littleEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { self += $0 }
    }
}
