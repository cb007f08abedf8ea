/// A right operand of products whose columns lie in panels (Goto and van de Geijn 2008).
///
/// A product reads a few columns of all rows before it goes on to the next. As parts of long rows each
/// takes a cache line or two, and perhaps a page, of its own. As a panel they are one run of memory,
/// which fits the nearest cache and few pages, and which the processor fetches before it is asked to.
public struct PackedMatrix {
    /// The rows of the matrix.
    public let rows: Int
    /// The columns of the matrix.
    public let columns: Int
    /// The columns of each panel, which holds one row after another of them.
    private let panels: [Range<Int>]
    private let values: FloatBuffer
    private let kernels: any KernelSet.Type

    /// Makes a matrix of zeros, in panels of the columns that the kernels' tiles take.
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

    /// Takes over the rows of `source` as columns.
    public func pack(transposing source: Matrix) {
        for panel in panels {
            kernels.transpose(
                source.dropping(rows: panel.lowerBound), into: rows(of: panel), rows: panel.count,
                columns: rows)
        }
    }

    /// Takes over the rows of `source`.
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

    /// Where the first panel begins; each panel has a row stride of its own.
    var start: Matrix { values.matrix(stride: 0) }
}
