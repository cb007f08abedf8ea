import Hashing
import KernelInterface

extension FloatStorage {
    /// SHA-256 over the values as little-endian float32, in hexadecimal.
    public var sha256: String {
        withBytes { bytes in bytes.withUnsafeBytes { SHA256.hex(of: $0) } }
    }

    /// XXH3-64 over the values as little-endian float32.
    public var checksum: UInt64 {
        withBytes { bytes in bytes.withUnsafeBytes { XXH3.hash64($0) } }
    }
}
