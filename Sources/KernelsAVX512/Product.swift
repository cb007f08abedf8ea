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
    // Columns outside: the panel of B that a tile reads then stays in the nearest cache for all rows.
    var column = 0
    while column < shape.columns {
        let width = min(shape.columns - column, 2 * vectorWidth)
        var row = 0
        while row < shape.rows {
            let height = min(shape.rows - row, tileRows)
            let tile = TileOperands(
                a: a.base + row * a.rowStride,
                aRowStride: a.rowStride,
                aStride: a.columnStride,
                b: b.base + column,
                bStride: b.rowStride,
                c: c.base + row * c.rowStride + column,
                cStride: c.rowStride,
                width: width)
            if width > vectorWidth {
                Panel<2>.multiply(tile, height: height, shape)
            } else {
                Panel<1>.multiply(tile, height: height, shape)
            }
            row += tileRows
        }
        column += 2 * vectorWidth
    }
}

/// Where one tile's operands begin.
private struct TileOperands {
    let a: UnsafeMutablePointer<Float>
    let aRowStride: Int
    let aStride: Int
    let b: UnsafeMutablePointer<Float>
    let bStride: Int
    let c: UnsafeMutablePointer<Float>
    let cStride: Int
    /// The columns of C that this tile owns; the vectors may reach past them.
    let width: Int
}

/// Picks the tile that has as many rows as are left.
private enum Panel<let vectors: Int> {
    @inline(__always)
    static func multiply(_ tile: TileOperands, height: Int, _ shape: ProductShape) {
        switch height {
        case 1: Tile<1, vectors>.multiply(tile, shape)
        case 2: Tile<2, vectors>.multiply(tile, shape)
        case 3: Tile<3, vectors>.multiply(tile, shape)
        case 4: Tile<4, vectors>.multiply(tile, shape)
        case 5: Tile<5, vectors>.multiply(tile, shape)
        case 6: Tile<6, vectors>.multiply(tile, shape)
        case 7: Tile<7, vectors>.multiply(tile, shape)
        default: Tile<8, vectors>.multiply(tile, shape)
        }
    }
}

/// A block of C, `rows` rows of `vectors` vectors, whose size the compiler knows and so unrolls.
private enum Tile<let rows: Int, let vectors: Int> {
    typealias Accumulators = InlineArray<rows, InlineArray<vectors, TileVector>>

    static func multiply(_ tile: TileOperands, _ shape: ProductShape) {
        var sums = Accumulators(repeating: InlineArray(repeating: TileVector.zero))
        if shape.accumulates { load(tile, into: &sums) }
        var aSegment = tile.a
        var bSegment = tile.b
        for _ in 0..<shape.segments {
            var a = aSegment
            var b = bSegment
            for _ in 0..<shape.depth {
                for row in 0..<rows {
                    let factor = TileVector(repeating: a[row * tile.aRowStride])
                    for vector in 0..<vectors {
                        let values = loadVector(b + vector * vectorWidth)
                        sums[row][vector] = sums[row][vector].addingProduct(factor, values)
                    }
                }
                a += tile.aStride
                b += tile.bStride
            }
            aSegment += shape.aSegmentStride
            bSegment += shape.bSegmentStride
        }
        store(sums, tile)
    }

    @inline(__always)
    static func load(_ tile: TileOperands, into sums: inout Accumulators) {
        for row in 0..<rows {
            for vector in 0..<vectors {
                sums[row][vector] = loadVector(tile.c + row * tile.cStride + vector * vectorWidth)
            }
        }
    }

    @inline(__always)
    static func store(_ sums: Accumulators, _ tile: TileOperands) {
        for row in 0..<rows {
            for vector in 0..<vectors {
                let target = tile.c + row * tile.cStride + vector * vectorWidth
                let owned = tile.width - vector * vectorWidth
                if owned >= vectorWidth {
                    UnsafeMutableRawPointer(target)
                        .storeBytes(of: sums[row][vector], as: TileVector.self)
                } else {
                    for index in 0..<owned { target[index] = sums[row][vector][index] }
                }
            }
        }
    }
}

@inline(__always)
private func loadVector(_ source: UnsafeMutablePointer<Float>) -> TileVector {
    UnsafeRawPointer(source).loadUnaligned(as: TileVector.self)
}
