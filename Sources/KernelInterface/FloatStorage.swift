import Glibc

/// Float32 values in one block of memory.
public protocol FloatStorage {
    /// The number of values.
    var count: Int { get }

    /// The values as little-endian float32 bytes.
    func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result
}

extension FloatStorage {
    /// All values, copied.
    public var values: [Float] {
        withBytes { bytes in
            bytes.withUnsafeBytes { Array($0.assumingMemoryBound(to: Float.self)) }
        }
    }

    /// Whether other values have the same bytes, NaN and the sign of a zero included.
    public func hasBytes(of other: some FloatStorage) -> Bool {
        withBytes { bytes in
            other.withBytes { others in
                bytes.withUnsafeBytes { left in
                    others.withUnsafeBytes { right in
                        left.count == right.count && compare(left, right)
                    }
                }
            }
        }
    }
}

/// Whether two blocks of the same size are equal.
private func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard let left = left.baseAddress, let other = right.baseAddress else { return true }
    return memcmp(left, other, right.count) == 0
}
