/// CRC-32C (Castagnoli), the checksum of RFC 3720, which TensorBoard's files have.
public enum CRC32C {
    /// The polynomial with its bits in reverse, as each byte is taken from its lowest bit on.
    private static let polynomial: UInt32 = 0x82F6_3B78

    /// What each value of a byte does to the sum.
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
