/// Rows of a pass, all of one shard, whose gradients are summed with those of other parts in a tree.
public struct GradientPart: Sendable, Equatable {
    /// The rows; with shared time steps, a whole group.
    public var rows: Range<Int>
    /// Whether these rows belong to the same shard as the part before, and continue its sums.
    public var continues: Bool
    /// How many of the sums before it are added to its shard's, the last one first.
    public var merges: Int

    /// A part of a pass.
    public init(rows: Range<Int>, continues: Bool, merges: Int) {
        self.rows = rows
        self.continues = continues
        self.merges = merges
    }
}
