import KernelInterface

/// The operands of a product over a tree.
struct TreeOperands {
    let left: PackedRows
    let right: PackedColumns
    let lacksLeading: Bool
    let pending: UnsafeMutablePointer<Float>
    let accumulates: Bool

    /// The tiles' heights: each tile takes the place of one of the largest.
    @inline(__always)
    var heights: EvenParts { EvenParts(of: left.rows, atMost: tileRows(isPacked: true)) }

    /// The sum at `depth` of those that wait for their siblings.
    @inline(__always)
    func pendingSum(_ depth: Int) -> Matrix {
        Matrix(
            base: pending + depth * left.rows * TreeProduct.panelColumns,
            rowStride: TreeProduct.panelColumns, columnStride: 1)
    }

    /// The terms of a leaf.
    @inline(__always)
    func run(_ leaf: TreeLeaf) -> Run {
        let first = leaf.terms.lowerBound + (lacksLeading ? leaf.leading : 0)
        let height = heights.largest
        let a = Matrix(base: left.base + first * height, rowStride: 1, columnStride: height)
        var run = Run(
            ProductTerms(a, right, from: first, depth: leaf.terms.upperBound - first))
        run.distanceOfTiles = left.terms * height
        return run
    }
}

/// Computes a product over a tree, panel by panel: a panel's part that belongs to one leaf stays in
/// the nearest cache for all rows.
func multiplyTree(_ operands: TreeOperands, _ leaves: [TreeLeaf], into c: Matrix) {
    let columns = operands.right.columns
    var column = 0
    while column < columns {
        let (vectors, width) = nextPanel(
            columns: columns - column, atMost: tileVectors(rows: tileRows(isPacked: true)))
        let panel = TreePanel(
            operands: operands, column: column, vectors: vectors, width: width,
            c: c.dropping(columns: column))
        panel.multiply(leaves)
        column += width
    }
}

/// A panel of the right operand, and the columns of C that it makes.
private struct TreePanel {
    let operands: TreeOperands
    let column: Int
    let vectors: Int
    let width: Int
    let c: Matrix

    func multiply(_ leaves: [TreeLeaf]) {
        var depth = 0
        for (index, leaf) in leaves.enumerated() {
            depth -= leaf.merges
            let merging = Merging(
                sums: operands.pendingSum(depth), count: leaf.merges,
                distance: operands.left.rows * TreeProduct.panelColumns)
            let start = index == 0 && operands.accumulates ? Start(c) : nil
            let isLast = index == leaves.count - 1
            multiply(leaf, onto: start, merging, into: isLast ? c : operands.pendingSum(depth))
            depth += 1
        }
    }

    private func multiply(
        _ leaf: TreeLeaf, onto start: Start?, _ merging: Merging, into target: Matrix
    ) {
        let run = operands.run(leaf)
        var none = run
        none.depth = 0
        var tile = TileOperands(
            [run, none], panelAt: column, width: width, onto: start, merging: merging, into: target)
        let heights = operands.heights
        for lowering in 0..<2 where heights.counts[lowering] > 0 {
            multiplyTiles(
                &tile, height: heights.largest - lowering, count: heights.counts[lowering],
                vectors: vectors, areNeighbours: true)
        }
    }
}

/// Packs columns of rows of memory as the rows of tiles.
func packForTiles(
    _ source: TermRows, columns: Range<Int>, into packed: PackedRows, at term: Int
) {
    let heights = EvenParts(of: columns.count, atMost: tileRows(isPacked: true))
    let distance = packed.terms * heights.largest
    var target = packed.base + term * heights.largest
    for segment in 0..<source.segments {
        var from = source.rows.base + segment * source.segmentStride + columns.lowerBound
        for _ in 0..<source.depth {
            var (part, tile) = (from, target)
            for lowering in 0..<2 {
                let height = heights.largest - lowering
                for _ in 0..<heights.counts[lowering] {
                    copyValues(part, to: tile, count: height)
                    part += height
                    tile += distance
                }
            }
            from += source.rows.rowStride
            target += heights.largest
        }
    }
}

/// Copies up to sixteen values as two vectors that may overlap.
@inline(__always)
private func copyValues(
    _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int
) {
    if count >= 8 {
        copyEnds(source, to: target, count: count, as: SIMD8<Float>.self)
    } else if count >= 4 {
        copyEnds(source, to: target, count: count, as: SIMD4<Float>.self)
    } else {
        for index in 0..<count { target[index] = source[index] }
    }
}

@inline(__always)
private func copyEnds<Values: SIMD<Float>>(
    _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int,
    as type: Values.Type
) {
    let second = count - Values.scalarCount
    let first = UnsafeRawPointer(source).loadUnaligned(as: type)
    let last = UnsafeRawPointer(source + second).loadUnaligned(as: type)
    UnsafeMutableRawPointer(target).storeBytes(of: first, as: type)
    UnsafeMutableRawPointer(target + second).storeBytes(of: last, as: type)
}
