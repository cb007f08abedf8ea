import Hashing
import RunEvents

/// A payload frame of a message, as a world carries it.
package protocol PayloadFrame: FixedBytes {
    /// A frame that holds a copy of bytes.
    init(copying bytes: RawSpan)
}

extension PayloadFrame {
    /// Its number of bytes.
    package var byteCount: Int { withBytes { $0.byteCount } }

    /// A copy of its bytes.
    package var bytes: [UInt8] { withBytes { bytes in bytes.withUnsafeBytes { Array($0) } } }

    /// XXH3-64 of its bytes.
    package var checksum: UInt64 {
        withBytes { bytes in bytes.withUnsafeBytes { XXH3.hash64($0) } }
    }
}
