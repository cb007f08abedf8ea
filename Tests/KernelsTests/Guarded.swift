import Kernels

/// A matrix of float32 values between guards, which kernels may read but must not use or write.
///
/// Guards precede the first row, separate the rows and follow the last one. Every other guard is
/// NaN, which shows in any result that used it; the others are finite, because an operation on NaN
/// often stores the same NaN again. The first element is not aligned to a vector.
final class Guarded {
    let rows: Int
    let columns: Int
    /// The distance between rows, in values.
    let stride: Int
    private let buffer: FloatBuffer

    // An odd number, larger than the widest vector that may reach past the end.
    private static let margin = 37
    private static let guardValues: [Float] = [.nan, 12_345.678]

    /// A matrix of `elements` in row-major order, with `gap` guards between its rows.
    init(_ elements: [Float], columns: Int, gap: Int = 0) {
        rows = columns == 0 ? 0 : elements.count / columns
        self.columns = columns
        stride = columns + gap
        buffer = FloatBuffer(count: rows * stride + 2 * Self.margin)
        for index in 0..<buffer.count { buffer[index] = Self.guardValues[index % 2] }
        for (index, element) in elements.enumerated() {
            buffer[Self.margin + index / columns * stride + index % columns] = element
        }
    }

    /// A single row.
    convenience init(_ elements: [Float]) { self.init(elements, columns: elements.count) }

    /// The view for kernels.
    var matrix: Matrix { buffer.matrix(at: Self.margin, stride: stride) }

    /// Calls `body` with ``vector``, and keeps the matrix until it returns, as the view does not.
    func withVector<Result>(_ body: (Vector) -> Result) -> Result {
        withExtendedLifetime(self) { body(vector) }
    }

    /// The view for kernels, of a matrix without gaps.
    var vector: Vector {
        precondition(stride == columns, "a vector has no gaps")
        return buffer.vector(at: Self.margin, count: rows * columns)
    }

    /// The elements, row by row.
    var elements: [Float] {
        var elements: [Float] = []
        elements.reserveCapacity(rows * columns)
        for row in 0..<rows {
            for column in 0..<columns { elements.append(self[row, column]) }
        }
        return elements
    }

    /// One element.
    subscript(row: Int, column: Int) -> Float { buffer[place(row: row, column: column)] }

    /// Whether all guards are unchanged.
    var isIntact: Bool {
        let end = Self.margin + rows * stride
        for index in 0..<buffer.count {
            let isElement =
                index >= Self.margin && index < end && (index - Self.margin) % stride < columns
            let expected = Self.guardValues[index % 2].bitPattern
            if !isElement && buffer[index].bitPattern != expected { return false }
        }
        return true
    }

    private func place(row: Int, column: Int) -> Int { Self.margin + row * stride + column }
}
