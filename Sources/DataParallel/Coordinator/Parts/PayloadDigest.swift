import Hashing
import Kernels

/// SHA-256 of a sum's gradients, computed by the coordinator from the received bytes.
///
/// A checksum is not enough: the sender chooses it, and finds other gradients with the same checksum in no
/// time; nobody can do this with SHA-256. It takes 0.6 ms a megabyte, so only sums that are compared are
/// digested.
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
