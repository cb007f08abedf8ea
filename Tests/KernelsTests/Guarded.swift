import Kernels

/// A matrix of float32 values amid NaN that kernels may read but must not use and never write.
///
/// The NaN stand before the first row, between the rows and behind the last; the first element is
/// not aligned to a vector.
final class Guarded {
    let rows: Int
    let columns: Int
    /// The distance between rows, in values.
    let stride: Int
    private let buffer: FloatBuffer

    // An odd number, and more than the widest vector that may reach past the end.
    private static let margin = 37
    private static let guardValue = Float(bitPattern: 0x7FC0_1234)

    /// A matrix of `elements`, row by row, with `gap` guards between its rows.
    init(_ elements: [Float], columns: Int, gap: Int = 0) {
        rows = columns == 0 ? 0 : elements.count / columns
        self.columns = columns
        stride = columns + gap
        buffer = FloatBuffer(count: rows * stride + 2 * Self.margin)
        for index in 0..<buffer.count { buffer[index] = Self.guardValue }
        for (index, element) in elements.enumerated() {
            buffer[Self.margin + index / columns * stride + index % columns] = element
        }
    }

    /// A single row.
    convenience init(_ elements: [Float]) { self.init(elements, columns: elements.count) }

    /// The view that kernels get.
    var matrix: Matrix { buffer.matrix(at: Self.margin, stride: stride) }

    /// The view of a matrix without gaps that kernels get.
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

    /// Whether all guards are as they were.
    var isIntact: Bool {
        let end = Self.margin + rows * stride
        for index in 0..<buffer.count {
            let isElement =
                index >= Self.margin && index < end && (index - Self.margin) % stride < columns
            if !isElement && buffer[index].bitPattern != Self.guardValue.bitPattern { return false }
        }
        return true
    }

    private func place(row: Int, column: Int) -> Int { Self.margin + row * stride + column }
}
