/// A leaf of a tree of sums, and where the tree adds it.
public struct TreeLeaf: Sendable, Equatable {
    /// Its terms, among those of all leaves: one chain.
    public var terms: Range<Int>
    /// The number of its first terms that some products lack.
    public var leading: Int
    /// How many of the sums before it are added to its own, the last one first.
    public var merges: Int
}
