import KernelInterface

// A tile of C is held in registers while the inner dimension runs past it, so its size follows the
// register file: it needs rows x vectors accumulators, the vectors of one row of B, and one of A.

#if TERN_AVX512
    typealias TileVector = SIMD16<Float>
    private let tileRows = 8
#elseif TERN_AVX2
    typealias TileVector = SIMD8<Float>
    private let tileRows = 6
#else
    typealias TileVector = SIMD4<Float>
    private let tileRows = 8
#endif
private let vectorWidth = TileVector.scalarCount

/// The most vectors of a tile's rows: three where there are registers left of low tiles, which have
/// too few chains with two.
@inline(__always)
private func panelVectors(height: Int) -> Int {
    #if TERN_AVX2
        height <= 4 ? 3 : 2
    #else
        2
    #endif
}

func multiplyTiled(_ a: Matrix, _ b: Matrix, into c: Matrix, _ shape: ProductShape) {
    let terms = ProductTerms(a, b, shape)
    addProductsTiled(
        terms, terms.empty, into: c, rows: shape.rows, columns: shape.columns,
        accumulates: shape.accumulates)
}

func addProductsTiled(
    _ first: ProductTerms, _ second: ProductTerms, into c: Matrix, rows: Int, columns: Int,
    accumulates: Bool
) {
    let start = accumulates ? Start(base: c.base, rowStride: c.rowStride) : nil
    multiply([Run(first), Run(second)], onto: start, into: c, rows: rows, columns: columns)
}

func addProductsTiled(
    _ first: ProductTerms, _ second: ProductTerms, onto start: Vector, into c: Matrix, rows: Int
) {
    multiply(
        [Run(first), Run(second)], onto: Start(base: start.base, rowStride: 0), into: c,
        rows: rows, columns: start.count)
}

/// What the sums of a result begin with; one row for all where its stride is zero.
private struct Start {
    var base: UnsafeMutablePointer<Float>
    var rowStride: Int
}

/// The operands of one product, and the order in which its inner dimension is walked.
private struct Run {
    var a: UnsafeMutablePointer<Float>
    var b: UnsafeMutablePointer<Float>
    let aRowStride: Int
    let aStride: Int
    let bStride: Int
    var depth: Int
    var segments: Int
    let aSegmentStride: Int
    let bSegmentStride: Int

    @inline(__always)
    init(_ terms: ProductTerms) {
        a = terms.a.base
        b = terms.b.base
        aRowStride = terms.a.rowStride
        aStride = terms.a.columnStride
        bStride = terms.b.rowStride
        depth = terms.depth
        segments = terms.segments
        aSegmentStride = terms.aSegmentStride
        bSegmentStride = terms.bSegmentStride
        // Segments without anything between them are one.
        if aSegmentStride == depth * aStride && bSegmentStride == depth * bStride {
            depth *= segments
            segments = 1
        }
    }
}

@inline(__always)
private func multiply(
    _ runs: InlineArray<2, Run>, onto start: Start?, into c: Matrix, rows: Int, columns: Int
) {
    let areNeighbours = runs[0].aRowStride == 1 && runs[1].aRowStride == 1
    let heights = EvenParts(of: rows, atMost: tileRows)
    let vectorsOfPanel = panelVectors(height: heights.largest)
    // Columns outside: the panel of B that a tile reads then stays in the nearest cache for all rows.
    var column = 0
    while column < columns {
        let rest = columns - column
        if rows == 1 && rest > 7 * vectorWidth {
            // Of one row two vectors would be two chains, each of which waits for its last sum.
            let width = min(rest, 8 * vectorWidth)
            var tile = TileOperands(runs, onto: start, into: c, column, width: width)
            Tile<1, 8, 0>.multiply(&tile, count: 1)
            column += width
            continue
        }
        let widths = EvenParts(of: (rest + vectorWidth - 1) / vectorWidth, atMost: vectorsOfPanel)
        let width = min(rest, widths.largest * vectorWidth)
        var tile = TileOperands(runs, onto: start, into: c, column, width: width)
        for lowering in 0..<2 where heights.counts[lowering] > 0 {
            multiply(
                &tile, height: heights.largest - lowering, count: heights.counts[lowering],
                vectors: widths.largest, areNeighbours: areNeighbours)
        }
        column += width
    }
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

/// Where the operands of the tile whose turn it is begin.
private struct TileOperands {
    var runs: InlineArray<2, Run>
    var start: Start?
    var c: UnsafeMutablePointer<Float>
    let cStride: Int
    /// The columns of C that this tile owns; a lone vector may reach past them.
    let width: Int
    /// Where the last of several vectors begins: where it is not full, it overlaps the one before, and
    /// the columns that they share get the same bits twice.
    var lastColumn: Int { width - vectorWidth }

    /// The first rows of the columns from `column` on.
    @inline(__always)
    init(
        _ runs: InlineArray<2, Run>, onto start: Start?, into c: Matrix, _ column: Int, width: Int
    ) {
        self.runs = runs
        for index in 0..<2 { self.runs[index].b += column }
        self.start = start.map { Start(base: $0.base + column, rowStride: $0.rowStride) }
        self.c = c.base + column
        cStride = c.rowStride
        self.width = width
    }

    /// Goes on to the rows that follow.
    @inline(__always)
    mutating func advance(rows: Int) {
        for index in 0..<2 { runs[index].a += rows * runs[index].aRowStride }
        if let start { self.start?.base += rows * start.rowStride }
        c += rows * cStride
    }
}

/// Picks the panel that has as many vectors as are left.
///
/// Where the rows of A are neighbours, the compiler may know: a distance that it knows is part of an
/// instruction, not one more.
@inline(__always)
private func multiply(
    _ tile: inout TileOperands, height: Int, count: Int, vectors: Int, areNeighbours: Bool
) {
    switch (vectors, areNeighbours) {
    case (1, true): Panel<1, 1>.multiply(&tile, height: height, count: count)
    case (2, true): Panel<2, 1>.multiply(&tile, height: height, count: count)
    case (_, true): Panel<3, 1>.multiply(&tile, height: height, count: count)
    case (1, false): Panel<1, 0>.multiply(&tile, height: height, count: count)
    case (2, false): Panel<2, 0>.multiply(&tile, height: height, count: count)
    case (_, false): Panel<3, 0>.multiply(&tile, height: height, count: count)
    }
}

/// Picks the tile that has as many rows as are left.
private enum Panel<let vectors: Int, let distance: Int> {
    @inline(__always)
    static func multiply(_ tile: inout TileOperands, height: Int, count: Int) {
        switch height {
        case 1: Tile<1, vectors, distance>.multiply(&tile, count: count)
        case 2: Tile<2, vectors, distance>.multiply(&tile, count: count)
        case 3: Tile<3, vectors, distance>.multiply(&tile, count: count)
        case 4: Tile<4, vectors, distance>.multiply(&tile, count: count)
        case 5: Tile<5, vectors, distance>.multiply(&tile, count: count)
        case 6: Tile<6, vectors, distance>.multiply(&tile, count: count)
        case 7: Tile<7, vectors, distance>.multiply(&tile, count: count)
        default: Tile<8, vectors, distance>.multiply(&tile, count: count)
        }
    }
}

/// A block of C, `rows` rows of `vectors` vectors, whose size the compiler knows and so unrolls.
///
/// `distance` is that between the rows of A, or 0 where only the operands tell.
private enum Tile<let rows: Int, let vectors: Int, let distance: Int> {
    typealias Accumulators = InlineArray<rows, InlineArray<vectors, TileVector>>

    /// Computes `count` tiles, one below the other.
    static func multiply(_ tile: inout TileOperands, count: Int) {
        for _ in 0..<count {
            var sums = Accumulators(repeating: InlineArray(repeating: TileVector.zero))
            if let start = tile.start { load(start, tile.lastColumn, into: &sums) }
            for index in 0..<2 { accumulate(tile.runs[index], tile.lastColumn, into: &sums) }
            store(sums, tile)
            tile.advance(rows: rows)
        }
    }

    /// Where a vector begins in the tile.
    @inline(__always)
    static func column(_ vector: Int, _ lastColumn: Int) -> Int {
        vector > 0 && vector == vectors - 1 ? lastColumn : vector * vectorWidth
    }

    @inline(__always)
    static func load(_ start: Start, _ lastColumn: Int, into sums: inout Accumulators) {
        for row in 0..<rows {
            for vector in 0..<vectors {
                sums[row][vector] = loadVector(
                    start.base + row * start.rowStride + column(vector, lastColumn))
            }
        }
    }

    @inline(__always)
    static func accumulate(_ run: Run, _ lastColumn: Int, into sums: inout Accumulators) {
        let aRowStride = distance == 0 ? run.aRowStride : distance
        var aSegment = run.a
        var bSegment = run.b
        for _ in 0..<run.segments {
            var a = aSegment
            var b = bSegment
            for _ in 0..<run.depth {
                for row in 0..<rows {
                    let factor = TileVector(repeating: a[row * aRowStride])
                    for vector in 0..<vectors {
                        let values = loadVector(b + column(vector, lastColumn))
                        sums[row][vector] = sums[row][vector].addingProduct(factor, values)
                    }
                }
                a += run.aStride
                b += run.bStride
            }
            aSegment += run.aSegmentStride
            bSegment += run.bSegmentStride
        }
    }

    @inline(__always)
    static func store(_ sums: Accumulators, _ tile: TileOperands) {
        if vectors == 1, tile.width < vectorWidth { return storePart(sums, tile) }
        for row in 0..<rows {
            let target = tile.c + row * tile.cStride
            for vector in 0..<vectors {
                storeVector(sums[row][vector], to: target + column(vector, tile.lastColumn))
            }
        }
    }

    /// Stores the columns that are owned of a lone vector.
    static func storePart(_ sums: Accumulators, _ tile: TileOperands) {
        for row in 0..<rows {
            let target = tile.c + row * tile.cStride
            for index in 0..<tile.width { target[index] = sums[row][0][index] }
        }
    }
}

@inline(__always)
private func storeVector(_ values: TileVector, to target: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(target).storeBytes(of: values, as: TileVector.self)
}

@inline(__always)
private func loadVector(_ source: UnsafeMutablePointer<Float>) -> TileVector {
    UnsafeRawPointer(source).loadUnaligned(as: TileVector.self)
}
