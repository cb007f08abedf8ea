/// A matrix in its own memory, with rows spaced so that a cache can keep them.
///
/// Cache lines whose addresses differ by a multiple of 4,096 bytes share one set of a few places.
/// If the distance between rows is a large power of two, only some rows stay cached. A product that
/// reads a few columns of all rows then fetches them from further away: see docs/performance.md,
/// AVX2.
public struct PaddedMatrix {
    /// The elements, row by row; the padding between rows is zero.
    public let values: FloatBuffer
    /// The number of values in a row.
    public let columns: Int
    /// The distance between rows, in values.
    public let stride: Int

    /// Makes a matrix of zeros.
    public init(rows: Int, columns: Int) {
        self.columns = columns
        stride = columns % 64 == 0 ? columns + 16 : columns
        values = FloatBuffer(count: rows * stride)
    }

    /// The rows from `first` on.
    public func rows(from first: Int = 0) -> Matrix {
        values.matrix(at: first * stride, stride: stride)
    }

    /// One row.
    public func row(_ index: Int) -> Vector {
        values.vector(at: index * stride, count: columns)
    }
}
