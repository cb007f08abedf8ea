/// Products over the same terms, which are summed in a tree: each leaf is one chain over its terms,
/// and a sum is added to its sibling's as soon as both are complete.
///
/// Results are computed tile by tile, so that the sums of all leaves stay in the nearest caches, and
/// are written once. The left operand is packed a block of rows at a time, to stay in the
/// second-level cache while the panels of the right ones pass (Goto and van de Geijn 2008).
public final class TreeProduct {
    /// The most columns of a packed matrix's panel.
    public static let panelColumns = 32
    /// The size of a block: half of a small second-level cache.
    private static let blockBytes = 600_000
    /// The most rows of a block.
    private static let mostRows = 252
    /// A multiple of the kernel sets' tiles, which waste nothing of a block then.
    private static let rowsOfTiles = 14

    private let kernels: any KernelSet.Type
    private let mostPending: Int
    private let block: FloatBuffer
    /// The sums that wait for their siblings.
    private let pending: FloatBuffer
    private var leaves: [TreeLeaf] = []
    private var pendingCount = 0
    /// The number of terms of all leaves.
    public private(set) var terms = 0

    /// Makes room for products over at most `terms` terms in at most `leaves` leaves.
    public init(terms: Int, leaves: Int, kernels: any KernelSet.Type) {
        self.kernels = kernels
        // A tree of two levels has at most one sum that waits, and so on; the last one is written.
        mostPending = leaves.bitWidth - leaves.leadingZeroBitCount + 1
        // Some rows more, since all tiles are as high as the highest.
        block = FloatBuffer(
            count: Self.blockBytes / 4 + 2 * Self.rowsOfTiles * max(terms, 1))
        pending = FloatBuffer(count: mostPending * Self.mostRows * Self.panelColumns)
        self.leaves.reserveCapacity(leaves)
    }

    /// Forgets all leaves.
    public func removeLeaves() {
        leaves.removeAll(keepingCapacity: true)
        (terms, pendingCount) = (0, 0)
    }

    /// Adds terms: a leaf, or the continuation of the last one.
    ///
    /// - Parameters:
    ///   - leading: how many of a new leaf's first terms some products lack.
    ///   - merges: how many of the sums before the leaf are added to its own.
    public func add(terms count: Int, continues: Bool, leading: Int, merges: Int) {
        if continues, let last = leaves.indices.last {
            leaves[last].terms = leaves[last].terms.lowerBound..<terms + count
            leaves[last].merges = merges
        } else {
            leaves.append(
                TreeLeaf(terms: terms..<terms + count, leading: leading, merges: merges))
            pendingCount += 1
        }
        terms += count
        precondition(merges < pendingCount && pendingCount - merges < mostPending, "no such tree")
        pendingCount -= merges
    }

    /// Calls `body` with blocks of the left operand's rows, one after another.
    public func forEachBlock(of rows: Range<Int>, _ body: (Range<Int>) -> Void) {
        let tiles = Self.blockBytes / (4 * max(terms, 1) * Self.rowsOfTiles)
        let size = min(max(tiles, 1) * Self.rowsOfTiles, Self.mostRows)
        for first in stride(from: rows.lowerBound, to: rows.upperBound, by: size) {
            body(first..<min(first + size, rows.upperBound))
        }
    }

    /// Packs some terms of a block of the left operand, whose rows are `columns` of the source.
    public func pack(_ source: TermRows, columns: Range<Int>, at term: Int) {
        kernels.pack(
            source, columns: columns, into: packed(rows: columns.count), at: term)
    }

    /// Computes a block of a result: the packed left operand times `right`.
    ///
    /// - Parameters:
    ///   - lacksLeading: whether this product lacks the leaves' leading terms.
    ///   - accumulates: whether the first leaf's chain starts from what C holds.
    public func multiply(
        by right: PackedMatrix, into c: Matrix, rows: Int, lacksLeading: Bool = false,
        accumulates: Bool
    ) {
        kernels.multiply(
            packed(rows: rows), right.view, leaves: leaves, lacksLeading: lacksLeading,
            pending: pending.vector, into: c, accumulates: accumulates)
    }

    private func packed(rows: Int) -> PackedRows {
        PackedRows(base: block.vector.base, rows: rows, terms: terms)
    }
}
