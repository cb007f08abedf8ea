import KernelInterface

// A tile of C is held in registers while the inner dimension runs past it, so its size follows the
// register file: it needs rows x columns accumulators, the vectors of one row of B, and one of A.

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

func multiplyTiled(_ a: Matrix, _ b: Matrix, into c: Matrix, _ shape: ProductShape) {
    var terms = ProductTerms(a, b, depth: shape.depth)
    terms.segments = shape.segments
    terms.aSegmentStride = shape.aSegmentStride
    terms.bSegmentStride = shape.bSegmentStride
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
    let depth: Int
    let segments: Int
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
    }
}

@inline(__always)
private func multiply(
    _ runs: InlineArray<2, Run>, onto start: Start?, into c: Matrix, rows: Int, columns: Int
) {
    // Columns outside: the panel of B that a tile reads then stays in the nearest cache for all rows.
    var column = 0
    while column < columns {
        let rest = columns - column
        if rows == 1 && rest > 7 * vectorWidth {
            // Of one row two vectors would be two chains, each of which waits for its last sum.
            let width = min(rest, 8 * vectorWidth)
            Tile<1, 8>.multiply(TileOperands(runs, onto: start, into: c, 0, column, width: width))
            column += width
            continue
        }
        let width = min(rest, 2 * vectorWidth)
        var row = 0
        while row < rows {
            // Tiles as like as can be: eight rows are four and four, not six and two, which have too few
            // chains to keep the units busy.
            let tiles = (rows - row + tileRows - 1) / tileRows
            let height = (rows - row + tiles - 1) / tiles
            let tile = TileOperands(runs, onto: start, into: c, row, column, width: width)
            if width > vectorWidth {
                Panel<2>.multiply(tile, height: height)
            } else {
                Panel<1>.multiply(tile, height: height)
            }
            row += height
        }
        column += width
    }
}

/// Where one tile's operands begin.
private struct TileOperands {
    var runs: InlineArray<2, Run>
    var start: Start?
    let c: UnsafeMutablePointer<Float>
    let cStride: Int
    /// The columns of C that this tile owns; a lone vector may reach past them.
    let width: Int
    /// Where the last of several vectors begins: where it is not full, it overlaps the one before, and
    /// the columns that they share get the same bits twice.
    var lastColumn: Int { width - vectorWidth }

    @inline(__always)
    init(
        _ runs: InlineArray<2, Run>, onto start: Start?, into c: Matrix, _ row: Int, _ column: Int,
        width: Int
    ) {
        self.runs = runs
        for index in 0..<2 {
            self.runs[index].a += row * runs[index].aRowStride
            self.runs[index].b += column
        }
        self.start = start.map {
            Start(base: $0.base + row * $0.rowStride + column, rowStride: $0.rowStride)
        }
        self.c = c.base + row * c.rowStride + column
        cStride = c.rowStride
        self.width = width
    }
}

/// Picks the tile that has as many rows as are left.
private enum Panel<let vectors: Int> {
    @inline(__always)
    static func multiply(_ tile: TileOperands, height: Int) {
        switch height {
        case 1: Tile<1, vectors>.multiply(tile)
        case 2: Tile<2, vectors>.multiply(tile)
        case 3: Tile<3, vectors>.multiply(tile)
        case 4: Tile<4, vectors>.multiply(tile)
        case 5: Tile<5, vectors>.multiply(tile)
        case 6: Tile<6, vectors>.multiply(tile)
        case 7: Tile<7, vectors>.multiply(tile)
        default: Tile<8, vectors>.multiply(tile)
        }
    }
}

/// A block of C, `rows` rows of `vectors` vectors, whose size the compiler knows and so unrolls.
private enum Tile<let rows: Int, let vectors: Int> {
    typealias Accumulators = InlineArray<rows, InlineArray<vectors, TileVector>>

    static func multiply(_ tile: TileOperands) {
        var sums = Accumulators(repeating: InlineArray(repeating: TileVector.zero))
        if let start = tile.start { load(start, tile.lastColumn, into: &sums) }
        for index in 0..<2 { accumulate(tile.runs[index], tile.lastColumn, into: &sums) }
        store(sums, tile)
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
        var aSegment = run.a
        var bSegment = run.b
        for _ in 0..<run.segments {
            var a = aSegment
            var b = bSegment
            for _ in 0..<run.depth {
                for row in 0..<rows {
                    let factor = TileVector(repeating: a[row * run.aRowStride])
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
