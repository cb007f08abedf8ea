/// A matrix in memory of its own, whose rows lie so far apart that a cache can keep them.
///
/// A cache keeps lines whose addresses differ by a multiple of 4,096 bytes in one set of a few places.
/// So of rows whose distance is a large power of two only some stay, and a product that reads a few
/// columns of all rows fetches them from further away each time: see docs/performance.md, AVX2.
public struct PaddedMatrix {
    /// The elements, row by row; what is between the rows is zero.
    public let values: FloatBuffer
    /// The values of a row.
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
