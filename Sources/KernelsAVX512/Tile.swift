import KernelInterface

// A tile of C stays in registers for the whole inner dimension, so the register file limits its
// size: it needs rows x vectors accumulators, the vectors of one row of B, and one of A.

#if TERN_AVX512
    typealias TileVector = SIMD16<Float>
#elseif TERN_AVX2
    typealias TileVector = SIMD8<Float>
#else
    typealias TileVector = SIMD4<Float>
#endif
let vectorWidth = TileVector.scalarCount

/// The most rows of a tile; a packed matrix takes low tiles, because its panels have one width for
/// all.
@inline(__always)
func tileRows(isPacked: Bool) -> Int {
    #if TERN_AVX2
        isPacked ? 4 : 6
    #else
        8
    #endif
}

/// The most vectors of a tile's rows: low tiles have registers left for three, and too few chains
/// with two.
@inline(__always)
func tileVectors(rows: Int) -> Int {
    #if TERN_AVX2
        rows <= 4 ? 3 : 2
    #else
        2
    #endif
}

/// Picks the panel with this number of vectors.
///
/// If A's rows are neighbours, the compiler knows their distance: it becomes part of an instruction
/// instead of one more instruction.
@inline(__always)
func multiplyTiles(
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

/// Picks the tile with this number of rows.
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

/// A block of C, `rows` rows of `vectors` vectors; the compiler knows its size and unrolls the
/// loops.
///
/// `distance` is the distance between A's rows, or 0 if only the operands have it.
enum Tile<let rows: Int, let vectors: Int, let distance: Int> {
    typealias Accumulators = InlineArray<rows, InlineArray<vectors, TileVector>>

    /// Computes `count` tiles, one below the other.
    static func multiply(_ tile: inout TileOperands, count: Int) {
        for _ in 0..<count {
            var sums = Accumulators(repeating: InlineArray(repeating: TileVector.zero))
            if let start = tile.start { load(start, tile.lastColumn, into: &sums) }
            for index in 0..<2 { accumulate(tile.runs[index], tile.lastColumn, into: &sums) }
            if let merging = tile.merging { add(merging, tile.lastColumn, to: &sums) }
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

    /// Adds earlier sums, the last one first.
    @inline(__always)
    static func add(_ merging: Merging, _ lastColumn: Int, to sums: inout Accumulators) {
        for index in (0..<merging.count).reversed() {
            let other = merging.sums.dropping(offset: index * merging.distance)
            for row in 0..<rows {
                for vector in 0..<vectors {
                    sums[row][vector] += loadVector(
                        other.base + row * other.rowStride + column(vector, lastColumn))
                }
            }
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

    /// Stores the columns that the tile owns of a single vector.
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
