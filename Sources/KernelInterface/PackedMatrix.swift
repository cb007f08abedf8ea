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

    /// Copies in the rows of `source`, from the row `first` on.
    public func pack(_ source: TermRows, at first: Int) {
        for segment in 0..<source.segments {
            let from = source.rows.dropping(offset: segment * source.segmentStride)
            let row = first + segment * source.depth
            for panel in panels {
                kernels.copyRows(
                    from.dropping(columns: panel.lowerBound),
                    into: rows(of: panel).dropping(rows: row), rows: source.depth,
                    columns: panel.count)
            }
        }
    }

    /// Sets some rows to zero.
    public func clear(rows: Range<Int>) {
        for panel in panels {
            let first = panel.lowerBound * self.rows + rows.lowerBound * panel.count
            kernels.fill(values.vector(at: first, count: rows.count * panel.count), with: 0)
        }
    }

    private func rows(of panel: Range<Int>) -> Matrix {
        values.matrix(at: panel.lowerBound * rows, stride: panel.count)
    }

    /// The view for kernels; it does not keep the matrix alive.
    public var view: PackedColumns {
        PackedColumns(base: values.vector.base, rows: rows, columns: columns)
    }
}
