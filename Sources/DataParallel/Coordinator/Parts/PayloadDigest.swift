import Hashing
import Kernels

/// SHA-256 of a sum's gradients, which the coordinator itself computes of what has come.
///
/// Whoever sends gradients chooses their checksum too, and finds others with the same one in no time;
/// nobody finds others with the same SHA-256. It takes 0.6 ms a megabyte, so it is computed only of
/// sums that are compared.
package struct PayloadDigest: Sendable, Equatable {
    private let bytes: [UInt8]

    /// The digest of a payload's bytes.
    package init(_ payload: UnsafeRawBufferPointer) {
        var sum = SHA256()
        sum.update(payload)
        bytes = sum.finalize()
    }

    /// The digest of gradients that were computed here.
    package init(_ gradients: FloatBuffer) {
        self = gradients.withBytes { bytes in bytes.withUnsafeBytes { Self($0) } }
    }
}
