/// A right operand of products, stored in panels of columns (Goto and van de Geijn 2008).
///
/// A product reads a few columns of all rows before it moves on to the next. In long rows, each
/// such piece takes a cache line or two of its own, and perhaps a page. A panel is one run of
/// memory: it fits the nearest cache and few pages, and the processor prefetches it.
public struct PackedMatrix {
    /// The rows of the matrix.
    public let rows: Int
    /// The columns of the matrix.
    public let columns: Int
    /// The columns of each panel, which stores its part of one row after another.
    private let panels: [Range<Int>]
    private let values: FloatBuffer
    private let kernels: any KernelSet.Type

    /// Makes a matrix of zeros, with panels as wide as the kernels' tiles.
    public init(rows: Int, columns: Int, kernels: any KernelSet.Type) {
        self.rows = rows
        self.columns = columns
        self.kernels = kernels
        var panels: [Range<Int>] = []
        var column = 0
        while column < columns {
            let width = kernels.panelWidth(ofColumns: columns - column)
            panels.append(column..<column + width)
            column += width
        }
        self.panels = panels
        values = FloatBuffer(count: rows * columns)
    }

    /// Copies in the rows of `source` as columns.
    public func pack(transposing source: Matrix) {
        for panel in panels {
            kernels.transpose(
                source.dropping(rows: panel.lowerBound), into: rows(of: panel), rows: panel.count,
                columns: rows)
        }
    }

    /// Copies in the rows of `source`.
    public func pack(_ source: Matrix) {
        for panel in panels {
            kernels.copyRows(
                source.dropping(columns: panel.lowerBound), into: rows(of: panel), rows: rows,
                columns: panel.count)
        }
    }

    private func rows(of panel: Range<Int>) -> Matrix {
        values.matrix(at: panel.lowerBound * rows, stride: panel.count)
    }

    /// Where the first panel begins; each panel has its own row stride.
    var start: Matrix { values.matrix(stride: 0) }
}
