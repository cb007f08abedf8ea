import Hashing
import Training
import ZeroMQ

extension Frame: FixedBytes {
    /// A copy of the frame's bytes.
    var bytes: [UInt8] { withBytes { bytes in bytes.withUnsafeBytes { Array($0) } } }

    /// XXH3-64 of the frame's bytes.
    var checksum: UInt64 { withBytes { bytes in bytes.withUnsafeBytes { XXH3.hash64($0) } } }
}
