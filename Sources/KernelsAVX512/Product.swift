import KernelInterface

func multiplyTiled(_ a: Matrix, _ b: Matrix, into c: Matrix, _ shape: ProductShape) {
    addProductsTiled(
        ProductTerms(a, b, shape), nil, into: c, rows: shape.rows, columns: shape.columns,
        accumulates: shape.accumulates)
}

func addProductsTiled(
    _ first: ProductTerms, _ second: ProductTerms?, into c: Matrix, rows: Int, columns: Int,
    accumulates: Bool
) {
    let start = accumulates ? Start(base: c.base, rowStride: c.rowStride) : nil
    multiply(runs(first, second), onto: start, into: c, rows: rows, columns: columns)
}

func addProductsTiled(
    _ first: ProductTerms, _ second: ProductTerms?, onto start: Vector, into c: Matrix, rows: Int
) {
    multiply(
        runs(first, second), onto: Start(base: start.base, rowStride: 0), into: c, rows: rows,
        columns: start.count)
}

/// The runs of both products; where there is but one, the second has no terms.
@inline(__always)
private func runs(_ first: ProductTerms, _ second: ProductTerms?) -> InlineArray<2, Run> {
    let run = Run(first)
    if let second { return [run, Run(second)] }
    var none = run
    none.depth = 0
    return [run, none]
}

@inline(__always)
private func multiply(
    _ runs: InlineArray<2, Run>, onto start: Start?, into c: Matrix, rows: Int, columns: Int
) {
    let areNeighbours = runs[0].aRowStride == 1 && runs[1].aRowStride == 1
    let isPacked = runs[0].packing != nil
    let heights = EvenParts(of: rows, atMost: tileRows(isPacked: isPacked))
    let vectorsOfPanel = tileVectors(rows: heights.largest)
    // Columns outside: the panel of B that a tile reads then stays in the nearest cache for all rows.
    var column = 0
    while column < columns {
        let rest = columns - column
        if rows == 1 && !isPacked && rest > 7 * vectorWidth {
            // Of one row two vectors would be two chains, each of which waits for its last sum. Packed
            // matrices have no panels so wide: of their one row it is waited for.
            let width = min(rest, 8 * vectorWidth)
            var tile = TileOperands(runs, onto: start, into: c, column, width: width)
            Tile<1, 8, 0>.multiply(&tile, count: 1)
            column += width
            continue
        }
        let (vectors, width) = nextPanel(columns: rest, atMost: vectorsOfPanel)
        var tile = TileOperands(runs, onto: start, into: c, column, width: width)
        for lowering in 0..<2 where heights.counts[lowering] > 0 {
            multiply(
                &tile, height: heights.largest - lowering, count: heights.counts[lowering],
                vectors: vectors, areNeighbours: areNeighbours)
        }
        column += width
    }
}

/// The columns of the next panel of a packed matrix.
func widthOfPackedPanel(columns: Int) -> Int {
    nextPanel(columns: columns, atMost: tileVectors(rows: tileRows(isPacked: true))).width
}

/// The vectors of the next panel, the last of which may not be full, and its columns.
@inline(__always)
private func nextPanel(columns: Int, atMost most: Int) -> (vectors: Int, width: Int) {
    let vectors = EvenParts(of: (columns + vectorWidth - 1) / vectorWidth, atMost: most).largest
    return (vectors, min(columns, vectors * vectorWidth))
}

/// As few parts of a whole as have no more than some number each, as like as can be.
///
/// Ten rows are five and five, not eight and two, which have too few chains to keep the units busy.
private struct EvenParts {
    /// The size of the first parts; that of the others is one less.
    let largest: Int
    /// How many parts there are of either size.
    let counts: InlineArray<2, Int>

    @inline(__always)
    init(of whole: Int, atMost most: Int) {
        let count = (whole + most - 1) / most
        largest = (whole + count - 1) / max(count, 1)
        let first = whole - count * (largest - 1)
        counts = [first, count - first]
    }
}
