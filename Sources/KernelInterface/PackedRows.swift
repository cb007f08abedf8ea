/// Rows of a left operand, packed as a kernel set's tiles read them.
///
/// The values that a tile reads for one term lie side by side, term after term, tile after tile.
public struct PackedRows {
    /// Where the first tile begins.
    public let base: UnsafeMutablePointer<Float>
    /// The number of rows.
    public let rows: Int
    /// The number of terms.
    public let terms: Int
}
