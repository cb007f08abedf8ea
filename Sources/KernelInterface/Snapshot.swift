/// Float32 values that never change, so that any number of threads may read them at once.
///
/// `@unchecked Sendable`: nobody writes to the buffer after `init`, and nothing else refers to it.
public struct Snapshot: FloatStorage, @unchecked Sendable {
    private let buffer: FloatBuffer

    /// A copy of values that may change.
    public init(copying values: some FloatStorage) { buffer = FloatBuffer(copying: values) }

    /// A copy of a collection's values.
    public init(_ values: some Collection<Float>) { buffer = FloatBuffer(values) }

    /// A copy of the values of a little-endian float32 payload.
    public init(copying bytes: RawSpan) {
        buffer = FloatBuffer(count: bytes.byteCount / MemoryLayout<Float>.stride)
        buffer.copy(from: bytes)
    }

    /// The number of values.
    public var count: Int { buffer.count }

    /// One value.
    public subscript(index: Int) -> Float { buffer[index] }

    /// The values as little-endian float32 bytes.
    public func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try buffer.withBytes(body)
    }
}
