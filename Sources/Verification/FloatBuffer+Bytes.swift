import Glibc
import KernelInterface

extension FloatBuffer {
    /// Whether another buffer has the same bytes, NaN and the sign of a zero included.
    func hasBytes(of other: FloatBuffer) -> Bool {
        guard count == other.count else { return false }
        return withBytes { bytes in
            other.withBytes { others in
                bytes.withUnsafeBytes { left in
                    others.withUnsafeBytes { right in
                        guard let left = left.baseAddress, let right = right.baseAddress else {
                            return true
                        }
                        return memcmp(left, right, bytes.byteCount) == 0
                    }
                }
            }
        }
    }
}
