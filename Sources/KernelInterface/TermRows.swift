/// Terms of a product's inner dimension that lie in rows of memory: `segments` runs of `depth` rows.
///
/// A row holds one term's value for each row of the left operand, or for each column of the right.
public struct TermRows {
    /// The rows of the first run.
    public var rows: Matrix
    /// The rows of one run.
    public var depth: Int
    /// The number of runs.
    public var segments: Int
    /// The distance from one run to the next, in values.
    public var segmentStride: Int

    /// Terms in rows of memory.
    public init(_ rows: Matrix, depth: Int, segments: Int, segmentStride: Int) {
        self.rows = rows
        self.depth = depth
        self.segments = segments
        self.segmentStride = segmentStride
    }

    /// The number of terms.
    public var count: Int { depth * segments }
}
