import CProcessor
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
    #elseif TERN_AVX512
        14
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
        case 1: Tile<1, 0, vectors, distance>.multiply(&tile, count: count)
        case 2: Tile<2, 0, vectors, distance>.multiply(&tile, count: count)
        case 3: Tile<3, 0, vectors, distance>.multiply(&tile, count: count)
        case 4: Tile<4, 0, vectors, distance>.multiply(&tile, count: count)
        case 5: Tile<5, 0, vectors, distance>.multiply(&tile, count: count)
        case 6: Tile<6, 0, vectors, distance>.multiply(&tile, count: count)
        case 7: Tile<7, 0, vectors, distance>.multiply(&tile, count: count)
        #if TERN_AVX512
            case 9: Tile<5, 4, vectors, distance>.multiply(&tile, count: count)
            case 10: Tile<5, 5, vectors, distance>.multiply(&tile, count: count)
            case 11: Tile<6, 5, vectors, distance>.multiply(&tile, count: count)
            case 12: Tile<6, 6, vectors, distance>.multiply(&tile, count: count)
            case 13: Tile<7, 6, vectors, distance>.multiply(&tile, count: count)
            case 14: Tile<7, 7, vectors, distance>.multiply(&tile, count: count)
        #endif
        default: Tile<8, 0, vectors, distance>.multiply(&tile, count: count)
        }
    }
}

/// A block of C: `upper` rows of `vectors` vectors, and `lower` rows below them.
///
/// The compiler knows the size and unrolls the loops. It keeps a group of rows in registers only if
/// the group has at most sixteen vectors, so a high tile is two groups.
///
/// `distance` is the distance between A's rows, or 0 if only the operands have it.
enum Tile<let upper: Int, let lower: Int, let vectors: Int, let distance: Int> {
    typealias Upper = TileRows<upper, vectors, distance>
    typealias Lower = TileRows<lower, vectors, distance>

    /// Computes `count` tiles, one below the other.
    static func multiply(_ tile: inout TileOperands, count: Int) {
        for _ in 0..<count {
            var above = Upper.zeros
            var below = Lower.zeros
            if let start = tile.start {
                Upper.load(start, row: 0, tile.lastColumn, into: &above)
                Lower.load(start, row: upper, tile.lastColumn, into: &below)
            }
            for index in 0..<2 {
                accumulate(tile.runs[index], tile.lastColumn, into: &above, &below)
            }
            if let merging = tile.merging {
                Upper.add(merging, row: 0, tile.lastColumn, to: &above)
                Lower.add(merging, row: upper, tile.lastColumn, to: &below)
            }
            Upper.store(above, row: 0, tile)
            Lower.store(below, row: upper, tile)
            tile.advance(rows: upper + lower)
        }
    }

    @inline(__always)
    static func accumulate(
        _ run: Run, _ lastColumn: Int, into above: inout Upper.Sums, _ below: inout Lower.Sums
    ) {
        let distances = RowDistances(run.aRowStride)
        let toLower = upper * (distance == 0 ? run.aRowStride : distance)
        // Two addresses that seem to advance alike would become one, and a longer chain of additions.
        let next = opaque(run.aStride)
        var aSegment = run.a
        var bSegment = run.b
        for _ in 0..<run.segments {
            var a = aSegment
            var lowerA = aSegment + opaque(toLower)
            var b = bSegment
            for _ in 0..<run.depth {
                prefetchPanel(b, run.bStride)
                Upper.addProducts(a, distances, b, lastColumn, to: &above)
                Lower.addProducts(lowerA, distances, b, lastColumn, to: &below)
                a += next
                lowerA += next
                b += run.bStride
            }
            aSegment += run.aSegmentStride
            bSegment += run.bSegmentStride
        }
    }

    /// Prefetches what the panel of B holds sixteen terms ahead.
    @inline(__always)
    static func prefetchPanel(_ b: UnsafeMutablePointer<Float>, _ stride: Int) {
        #if TERN_AVX512
            for vector in 0..<vectors { prefetch_line(b + 16 * stride + vector * vectorWidth) }
        #endif
    }
}

/// The distances of a matrix's rows from its first.
///
/// Few of them fill few registers, since an instruction may take one of them, or twice, four or
/// eight times it. The compiler would add up the rows' addresses in one chain.
struct RowDistances {
    let one: Int
    let three: Int
    let five: Int
    let seven: Int

    @inline(__always)
    init(_ stride: Int) {
        one = opaque(stride)
        three = opaque(3 * stride)
        five = opaque(5 * stride)
        seven = opaque(7 * stride)
    }

    @inline(__always)
    func row(_ row: Int) -> Int {
        switch row {
        case 0: 0
        case 1: one
        case 2: 2 * one
        case 3: three
        case 4: 4 * one
        case 5: five
        case 6: 2 * three
        default: seven
        }
    }
}

/// Rows of a tile, from one of its rows on.
enum TileRows<let rows: Int, let vectors: Int, let distance: Int> {
    typealias Sums = InlineArray<rows, InlineArray<vectors, TileVector>>

    @inline(__always)
    static var zeros: Sums { Sums(repeating: InlineArray(repeating: TileVector.zero)) }

    /// Where a vector begins in the tile.
    @inline(__always)
    static func column(_ vector: Int, _ lastColumn: Int) -> Int {
        vector > 0 && vector == vectors - 1 ? lastColumn : vector * vectorWidth
    }

    @inline(__always)
    static func load(_ start: Start, row first: Int, _ lastColumn: Int, into sums: inout Sums) {
        for row in 0..<rows {
            for vector in 0..<vectors {
                sums[row][vector] = loadVector(
                    start.base + (first + row) * start.rowStride + column(vector, lastColumn))
            }
        }
    }

    /// Adds one term's products.
    @inline(__always)
    static func addProducts(
        _ a: UnsafeMutablePointer<Float>, _ distances: RowDistances,
        _ b: UnsafeMutablePointer<Float>, _ lastColumn: Int, to sums: inout Sums
    ) {
        for row in 0..<rows {
            let factor = TileVector(
                repeating: a[distance == 0 ? distances.row(row) : row * distance])
            for vector in 0..<vectors {
                let values = loadVector(b + column(vector, lastColumn))
                sums[row][vector] = sums[row][vector].addingProduct(factor, values)
            }
        }
    }

    /// Adds earlier sums, the last one first.
    @inline(__always)
    static func add(
        _ merging: Merging, row first: Int, _ lastColumn: Int, to sums: inout Sums
    ) {
        for index in (0..<merging.count).reversed() {
            let other = merging.sums.dropping(offset: index * merging.distance)
                .dropping(rows: first)
            for row in 0..<rows {
                for vector in 0..<vectors {
                    sums[row][vector] += loadVector(
                        other.base + row * other.rowStride + column(vector, lastColumn))
                }
            }
        }
    }

    @inline(__always)
    static func store(_ sums: Sums, row first: Int, _ tile: TileOperands) {
        if vectors == 1, tile.width < vectorWidth { return storePart(sums, row: first, tile) }
        for row in 0..<rows {
            let target = tile.c + (first + row) * tile.cStride
            for vector in 0..<vectors {
                storeVector(sums[row][vector], to: target + column(vector, tile.lastColumn))
            }
        }
    }

    /// Stores the columns that the tile owns of a single vector.
    static func storePart(_ sums: Sums, row first: Int, _ tile: TileOperands) {
        for row in 0..<rows {
            let target = tile.c + (first + row) * tile.cStride
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
