import KernelInterface

// A convolution is a product: each pixel's neighbourhood becomes a row of a matrix (Chellapilla,
// Puri and Simard 2006). These loops only move values; the arithmetic is in the product.

func gatherPatches(_ maps: Vector, _ shape: MapShape, into patches: Matrix) {
    forEachNeighbour(maps, shape, patches) { patch, pixel in patch.pointee = pixel?.pointee ?? 0 }
}

func scatterPatches(_ patches: Matrix, _ shape: MapShape, into maps: Vector) {
    forEachNeighbour(maps, shape, patches) { patch, pixel in pixel?.pointee += patch.pointee }
}

/// Calls `body` with each element of the patches and its pixel, which is nil beyond the edges.
@inline(__always)
private func forEachNeighbour(
    _ maps: Vector, _ shape: MapShape, _ patches: Matrix,
    _ body: (_ patch: UnsafeMutablePointer<Float>, _ pixel: UnsafeMutablePointer<Float>?) -> Void
) {
    for row in 0..<shape.rows {
        for column in 0..<shape.columns {
            var patch = patches.base + (row * shape.columns + column) * patches.rowStride
            for channel in 0..<shape.channels {
                let map = maps.base + channel * shape.rows * shape.columns
                for y in row - 1...row + 1 {
                    let isInside = y >= 0 && y < shape.rows
                    for x in column - 1...column + 1 {
                        let isThere = isInside && x >= 0 && x < shape.columns
                        body(patch, isThere ? map + (y * shape.columns + x) : nil)
                        patch += 1
                    }
                }
            }
        }
    }
}

/// Where the largest of a 2 x 2 block of preactivations lies (the first of equals; NaN beats all).
@inline(__always)
private func largest(
    _ sums: Matrix, _ shape: MapShape, _ channel: Int, _ row: Int, _ column: Int
) -> UnsafeMutablePointer<Float> {
    var best = sums.base + (2 * row * shape.columns + 2 * column) * sums.rowStride + channel
    for index in 1..<4 {
        let pixel = (2 * row + index / 2) * shape.columns + 2 * column + index % 2
        let candidate = sums.base + pixel * sums.rowStride + channel
        if candidate.pointee > best.pointee || candidate.pointee.isNaN { best = candidate }
    }
    return best
}

func poolRectifiedSums(_ sums: Matrix, _ shape: MapShape, into pooled: Vector) {
    var index = 0
    for channel in 0..<shape.channels {
        for row in 0..<shape.rows / 2 {
            for column in 0..<shape.columns / 2 {
                let value = largest(sums, shape, channel, row, column).pointee
                pooled.base[index] = value < 0 ? 0 : value
                index += 1
            }
        }
    }
}

func differentiatePooling(_ sums: Matrix, _ shape: MapShape, pooledGradient: Vector) {
    var index = 0
    for channel in 0..<shape.channels {
        for row in 0..<shape.rows {
            for column in 0..<shape.columns
            where row / 2 == shape.rows / 2 || column / 2 == shape.columns / 2 {
                // An odd last row or column belongs to no block.
                sums.base[(row * shape.columns + column) * sums.rowStride + channel] = 0
            }
        }
        for row in 0..<shape.rows / 2 {
            for column in 0..<shape.columns / 2 {
                let best = largest(sums, shape, channel, row, column)
                let gradient = best.pointee > 0 ? pooledGradient.base[index] : 0
                for y in 0..<2 {
                    for x in 0..<2 {
                        let pixel = (2 * row + y) * shape.columns + 2 * column + x
                        sums.base[pixel * sums.rowStride + channel] = 0
                    }
                }
                best.pointee = gradient
                index += 1
            }
        }
    }
}
