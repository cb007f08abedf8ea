import KernelInterface

/// A repeatable kernel call, as training makes it.
struct KernelCall: Sendable {
    let name: String
    /// The extents, for display.
    let shape: String
    /// The floating-point operations per call; 0 if the kernel computes nothing.
    let operations: Int
    /// The values per call; nil for products.
    let values: Int?
    /// Allocates the call's buffers, and returns the call.
    let prepare: @Sendable () -> () -> Void
}

/// A buffer of values in a normal range, with which no operation is slow.
func filledBuffer(_ count: Int) -> FloatBuffer {
    let buffer = FloatBuffer(count: count)
    fill(buffer)
    return buffer
}

/// A matrix of such values, with rows spaced like those of layers.
func filledMatrix(_ rows: Int, _ columns: Int) -> PaddedMatrix {
    let matrix = PaddedMatrix(rows: rows, columns: columns)
    fill(matrix.values)
    return matrix
}

private func fill(_ buffer: FloatBuffer) {
    for index in 0..<buffer.count { buffer[index] = Float(index % 17 - 8) / 64 }
}
