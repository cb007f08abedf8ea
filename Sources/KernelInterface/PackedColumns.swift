/// A view of a ``PackedMatrix`` for kernels.
///
/// It holds no reference: copying one takes code of the standard library, which must not be compiled
/// into a kernel set.
public struct PackedColumns {
    /// Where the first panel begins.
    public let base: UnsafeMutablePointer<Float>
    /// The rows of the matrix.
    public let rows: Int
    /// The columns of the matrix.
    public let columns: Int
}
