import Hashing
import Reduction

extension PartialSum {
    /// The hash of the gradients that is announced with them.
    var checksum: UInt64 {
        gradients.withBytes { bytes in bytes.withUnsafeBytes { XXH3.hash64($0) } }
    }
}
