import KernelInterface

/// The initial values of a result's sums; with a stride of zero, one row for all.
struct Start {
    var base: UnsafeMutablePointer<Float>
    var rowStride: Int

    @inline(__always)
    init(base: UnsafeMutablePointer<Float>, rowStride: Int) {
        self.base = base
        self.rowStride = rowStride
    }

    /// The values that the result holds.
    @inline(__always)
    init(_ values: Matrix) { self.init(base: values.base, rowStride: values.rowStride) }
}

/// Earlier sums that are added to a result's, the last one first.
struct Merging {
    /// The first of the sums.
    var sums: Matrix
    let count: Int
    /// The distance from one of the sums to the next, in values.
    let distance: Int
}

/// The operands of one product, and the order of its inner dimension.
struct Run {
    var a: UnsafeMutablePointer<Float>
    var b: UnsafeMutablePointer<Float>
    let aRowStride: Int
    let aStride: Int
    var bStride: Int
    /// If B is packed: its number of rows, and the first one used.
    let packing: (rows: Int, first: Int)?
    var depth: Int
    var segments: Int
    let aSegmentStride: Int
    let bSegmentStride: Int
    /// If A is packed: the distance from a tile to the one below, in values.
    var distanceOfTiles: Int?

    @inline(__always)
    init(_ terms: ProductTerms) {
        a = terms.a.base
        b = terms.b.base
        aRowStride = terms.a.rowStride
        aStride = terms.a.columnStride
        bStride = terms.b.rowStride
        packing = terms.packing
        depth = terms.depth
        segments = terms.segments
        aSegmentStride = terms.aSegmentStride
        bSegmentStride = terms.bSegmentStride
        // Segments with nothing between them are one.
        if aSegmentStride == depth * aStride && bSegmentStride == depth * bStride {
            depth *= segments
            segments = 1
        }
    }

    /// Moves to the panel of B that begins at `column`.
    @inline(__always)
    mutating func begin(panelAt column: Int, width: Int) {
        guard let packing else {
            b += column
            return
        }
        b += column * packing.rows + packing.first * width
        bStride = width
    }
}

/// Where the operands of the current tile begin.
struct TileOperands {
    var runs: InlineArray<2, Run>
    var start: Start?
    var merging: Merging?
    var c: UnsafeMutablePointer<Float>
    let cStride: Int
    /// The columns of C that this tile owns; a single vector may reach past them.
    let width: Int
    /// Where the last of several vectors begins.
    ///
    /// If it is not full, it overlaps the one before, and both write the same bits to the shared
    /// columns.
    var lastColumn: Int { width - vectorWidth }

    /// Begins at the first row, with the panel of B at `column`; `start` and `c` begin there too.
    @inline(__always)
    init(
        _ runs: InlineArray<2, Run>, panelAt column: Int, width: Int, onto start: Start?,
        merging: Merging? = nil, into c: Matrix
    ) {
        self.runs = runs
        for index in 0..<2 { self.runs[index].begin(panelAt: column, width: width) }
        self.start = start
        self.merging = merging
        self.c = c.base
        cStride = c.rowStride
        self.width = width
    }

    /// Moves to the rows that follow.
    @inline(__always)
    mutating func advance(rows: Int) {
        for index in 0..<2 {
            runs[index].a += runs[index].distanceOfTiles ?? rows * runs[index].aRowStride
        }
        if let start { self.start?.base += rows * start.rowStride }
        if let merging { self.merging?.sums = merging.sums.dropping(rows: rows) }
        c += rows * cStride
    }
}
