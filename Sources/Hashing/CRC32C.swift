/// CRC-32C (Castagnoli), the checksum of RFC 3720 and of TensorBoard's files.
public enum CRC32C {
    /// The polynomial with its bits reversed, because each byte is read from its lowest bit up.
    private static let polynomial: UInt32 = 0x82F6_3B78

    /// The effect of each byte value on the sum.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { sum, _ in
            sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ polynomial
        }
    }

    /// The checksum of some bytes.
    public static func sum(of bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { sum, byte in
            table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ sum >> 8
        }
    }
}
