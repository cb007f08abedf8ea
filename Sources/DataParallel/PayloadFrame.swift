import Hashing
import RunEvents

/// The payload frames of messages, as a world carries them.
package protocol PayloadFrame: FixedBytes {
    /// A frame that holds a copy of bytes.
    init(copying bytes: RawSpan)
}

extension PayloadFrame {
    /// How many bytes it has.
    package var byteCount: Int { withBytes { $0.byteCount } }

    /// A copy of its bytes.
    package var bytes: [UInt8] { withBytes { bytes in bytes.withUnsafeBytes { Array($0) } } }

    /// XXH3-64 of its bytes.
    package var checksum: UInt64 {
        withBytes { bytes in bytes.withUnsafeBytes { XXH3.hash64($0) } }
    }
}
