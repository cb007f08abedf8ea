/// Rows of text in columns: the first is aligned left, the others right.
public struct TextTable: Sendable {
    private var rows: [[String]]

    /// A table with a heading for each column.
    public init(_ headings: String...) { rows = [headings] }

    /// A table with a heading for each column.
    package init(_ headings: [String]) { rows = [headings] }

    /// Adds a row of as many cells as there are columns.
    public mutating func add(_ cells: String...) { add(cells) }

    /// Adds a row of as many cells as there are columns.
    package mutating func add(_ cells: [String]) {
        precondition(cells.count == rows[0].count, "\(cells) does not fit the table's columns")
        rows.append(cells)
    }

    /// The lines, each column as wide as its widest cell and two spaces from the one before it.
    public var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).enumerated().map { column, cell in
                let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + padding : padding + cell.0
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
