import Hashing
import Reduction

extension PartialSum {
    /// The checksum of the gradients that is sent in their header.
    var checksum: UInt64 {
        gradients.withBytes { bytes in bytes.withUnsafeBytes { XXH3.hash64($0) } }
    }
}
