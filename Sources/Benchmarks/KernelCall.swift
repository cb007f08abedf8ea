import KernelInterface

/// A call of a kernel as training makes it, to be repeated.
struct KernelCall: Sendable {
    let name: String
    /// The extents, for people.
    let shape: String
    /// The floating-point operations of a call; 0 where nothing is computed.
    let operations: Int
    /// The values of a call; nil for products.
    let values: Int?
    /// Makes the call, with buffers of its own.
    let prepare: @Sendable () -> () -> Void
}

/// A buffer of numbers of ordinary size, which no operation makes slow.
func filledBuffer(_ count: Int) -> FloatBuffer {
    let buffer = FloatBuffer(count: count)
    fill(buffer)
    return buffer
}

/// A matrix that holds such values, with rows that lie as those of layers do.
func filledMatrix(_ rows: Int, _ columns: Int) -> PaddedMatrix {
    let matrix = PaddedMatrix(rows: rows, columns: columns)
    fill(matrix.values)
    return matrix
}

private func fill(_ buffer: FloatBuffer) {
    for index in 0..<buffer.count { buffer[index] = Float(index % 17 - 8) / 64 }
}
