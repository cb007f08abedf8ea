import KernelInterface

/// Unused gradient buffers, kept so that steps allocate none.
public struct BufferPool {
    private let size: Int
    private var free: [FloatBuffer] = []

    /// A pool of buffers of `size` values.
    public init(size: Int) { self.size = size }

    /// A buffer with arbitrary contents.
    public mutating func take() -> FloatBuffer { free.popLast() ?? FloatBuffer(count: size) }

    /// Takes a buffer back.
    public mutating func give(_ buffer: FloatBuffer) { free.append(buffer) }

    /// Takes all unused buffers out of the pool.
    public mutating func takeAll() -> [FloatBuffer] {
        defer { free.removeAll(keepingCapacity: true) }
        return free
    }
}
