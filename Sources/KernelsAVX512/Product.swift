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
    let start = accumulates ? Start(c) : nil
    multiply(runs(first, second), onto: start, into: c, rows: rows, columns: columns)
}

func addProductsTiled(
    _ first: ProductTerms, _ second: ProductTerms?, onto start: Vector, into c: Matrix, rows: Int
) {
    multiply(
        runs(first, second), onto: Start(base: start.base, rowStride: 0), into: c, rows: rows,
        columns: start.count)
}

/// The runs of both products; a missing second product has no terms.
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
    // Columns are the outer loop: the panel of B that a tile reads stays in the nearest cache for
    // all rows.
    var column = 0
    while column < columns {
        let rest = columns - column
        let target = c.dropping(columns: column)
        let start = start.map { Start(base: $0.base + column, rowStride: $0.rowStride) }
        if rows == 1 && !isPacked && rest > 7 * vectorWidth {
            // Two vectors of one row would be two chains that each wait for their last sum; eight
            // keep the units busy. Packed matrices have no panels that wide, so their single row
            // waits.
            let width = min(rest, 8 * vectorWidth)
            var tile = TileOperands(
                runs, panelAt: column, width: width, onto: start, into: target)
            Tile<1, 0, 8, 0>.multiply(&tile, count: 1)
            column += width
            continue
        }
        let (vectors, width) = nextPanel(columns: rest, atMost: vectorsOfPanel)
        var tile = TileOperands(runs, panelAt: column, width: width, onto: start, into: target)
        for lowering in 0..<2 where heights.counts[lowering] > 0 {
            multiplyTiles(
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

/// The number of vectors in the next panel, the last of which may not be full, and its columns.
@inline(__always)
func nextPanel(columns: Int, atMost most: Int) -> (vectors: Int, width: Int) {
    let vectors = EvenParts(of: (columns + vectorWidth - 1) / vectorWidth, atMost: most).largest
    return (vectors, min(columns, vectors * vectorWidth))
}

/// The fewest parts of a whole with at most a given size, as equal as possible.
///
/// Ten rows become five and five, not eight and two: two have too few chains to keep the units
/// busy.
struct EvenParts {
    /// The size of the first parts; the others are one smaller.
    let largest: Int
    /// The number of parts of each size, the larger size first.
    let counts: InlineArray<2, Int>

    @inline(__always)
    init(of whole: Int, atMost most: Int) {
        let count = (whole + most - 1) / most
        largest = (whole + count - 1) / max(count, 1)
        let first = whole - count * (largest - 1)
        counts = [first, count - first]
    }
}
