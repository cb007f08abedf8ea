/// Rows of a pass, one after another, that may skip what is blank in all of them.
public struct RowGroup: Sendable, Equatable {
    /// The rows of the pass.
    public var rows: Range<Int>
    /// Whether these rows skip columns that are zero in all of them, and compute leading time steps
    /// of nothing but zeros once for all.
    public var isSharing: Bool

    /// A group of rows.
    public init(rows: Range<Int>, isSharing: Bool) {
        self.rows = rows
        self.isSharing = isSharing
    }
}
