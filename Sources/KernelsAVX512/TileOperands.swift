import KernelInterface

/// The initial values of a result's sums; with a stride of zero, one row for all.
struct Start {
    var base: UnsafeMutablePointer<Float>
    var rowStride: Int
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
    var c: UnsafeMutablePointer<Float>
    let cStride: Int
    /// The columns of C that this tile owns; a single vector may reach past them.
    let width: Int
    /// Where the last of several vectors begins.
    ///
    /// If it is not full, it overlaps the one before, and both write the same bits to the shared
    /// columns.
    var lastColumn: Int { width - vectorWidth }

    /// Begins at the first row, with the columns from `column` on.
    @inline(__always)
    init(
        _ runs: InlineArray<2, Run>, onto start: Start?, into c: Matrix, _ column: Int, width: Int
    ) {
        self.runs = runs
        for index in 0..<2 { self.runs[index].begin(panelAt: column, width: width) }
        self.start = start.map { Start(base: $0.base + column, rowStride: $0.rowStride) }
        self.c = c.base + column
        cStride = c.rowStride
        self.width = width
    }

    /// Moves to the rows that follow.
    @inline(__always)
    mutating func advance(rows: Int) {
        for index in 0..<2 { runs[index].a += rows * runs[index].aRowStride }
        if let start { self.start?.base += rows * start.rowStride }
        c += rows * cStride
    }
}
