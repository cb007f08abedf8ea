import CProcessor
import KernelInterface

func addRowsInOrder(_ source: Matrix, into target: Vector, _ shape: ProductShape) {
    // Rows lie far apart, and what is taken of each at once should be long.
    var column = 0
    while column + 128 <= target.count {
        RowSums<8>.add(source, into: target, column, width: 16, shape)
        column += 128
    }
    while column < target.count {
        RowSums<1>.add(source, into: target, column, width: min(target.count - column, 16), shape)
        column += 16
    }
}

/// The sums of `vectors` neighbouring groups of sixteen columns.
private enum RowSums<let vectors: Int> {
    @inline(__always)
    static func add(
        _ source: Matrix, into target: Vector, _ column: Int, width: Int, _ shape: ProductShape
    ) {
        var sums = InlineArray<vectors, Lanes>(repeating: Lanes.zero)
        // Loads reach past the row's end, into the next row or the buffer's spare vector.
        if shape.accumulates {
            for vector in 0..<vectors { sums[vector] = load(target.base + column + 16 * vector) }
        }
        for segment in 0..<shape.segments {
            var row = source.base + segment * shape.aSegmentStride + column
            for _ in 0..<shape.depth {
                for vector in 0..<vectors { sums[vector] += load(row + 16 * vector) }
                row += source.rowStride
            }
        }
        for vector in 0..<vectors {
            store(sums[vector], to: target.base + column + 16 * vector, count: width)
        }
    }
}

func fillRowsWithSum(_ target: Matrix, rows: Int, _ first: Vector, _ second: Vector) {
    var column = 0
    while column < first.count {
        let width = min(first.count - column, 16)
        let sum = load(first.base + column) + load(second.base + column)
        var row = target.base + column
        for _ in 0..<rows {
            if width == 16 { store(sum, to: row) } else { store(sum, to: row, count: width) }
            row += target.rowStride
        }
        column += 16
    }
}

func transposeElements(_ source: Matrix, into target: Matrix, rows: Int, columns: Int) {
    // In blocks of 16 x 16, a cache line of the target after the other: its lines lie at distances
    // that would push one another out of the cache, those of the source at lesser ones.
    for firstRow in stride(from: 0, to: rows, by: 16) {
        for firstColumn in stride(from: 0, to: columns, by: 16) {
            for column in firstColumn..<min(firstColumn + 16, columns) {
                let from = source.base + column
                let to = target.base + column * target.rowStride
                for row in firstRow..<min(firstRow + 16, rows) {
                    to[row] = from[row * source.rowStride]
                }
            }
        }
    }
}

func widenBytes(_ bytes: RawSpan, into target: Vector) {
    bytes.withUnsafeBytes { source in
        // A division, as in PyTorch's ToTensor: a product with 1/255 would round differently.
        for index in 0..<target.count { target.base[index] = Float(source[index]) / 255 }
    }
}

func addPayload(_ source: RawSpan, into target: Vector) {
    source.withUnsafeBytes { bytes in
        // A received frame has any alignment, so its values are loaded as bytes.
        guard let start = bytes.baseAddress else { return }
        var index = 0
        while index + 16 <= target.count {
            let values = (start + 4 * index).loadUnaligned(as: Lanes.self)
            store(load(target.base + index) + values, to: target.base + index)
            index += 16
        }
        while index < target.count {
            target.base[index] += (start + 4 * index).loadUnaligned(as: Float.self)
            index += 1
        }
    }
}

func hasOnlyFinite(_ payload: RawSpan) -> Bool {
    payload.withUnsafeBytes { bytes in
        guard let start = bytes.baseAddress else { return true }
        // All exponent bits set means infinite or not a number.
        let exponent: UInt32 = 0x7F80_0000
        let exponents = LaneBits(repeating: exponent)
        let count = bytes.count / 4
        var index = 0
        var isFinite = true
        while index + 16 <= count {
            let bits = (start + 4 * index).loadUnaligned(as: LaneBits.self) & exponents
            isFinite = isFinite && !any(bits .== exponents)
            index += 16
        }
        while index < count {
            let bits = (start + 4 * index).loadUnaligned(as: UInt32.self)
            isFinite = isFinite && bits & exponent != exponent
            index += 1
        }
        return isFinite
    }
}

func sumSquares(_ values: Vector) -> Double {
    var sums = SIMD8<Double>.zero
    var index = 0
    while index + 8 <= values.count {
        let part = UnsafeRawPointer(values.base + index).loadUnaligned(as: SIMD8<Float>.self)
        sums = add_squares_8(sums, part)
        index += 8
    }
    if index < values.count {
        sums = add_squares_8(sums, load(values.base + index, count: values.count - index).lowHalf)
    }
    var total = 0.0
    for lane in 0..<8 { total += sums[lane] }
    return total
}

/// moments = keep * moments + decay * gradients².
@inline(__always)
func updateSecondMoments(_ moments: Vector, _ gradients: Vector, keep: Float, decay: Float) {
    update(moments, with: gradients) { moment, gradient in
        (moment * keep).addingProduct(gradient * decay, gradient)
    }
}

func updateByAdam(
    _ parameters: Vector, _ gradients: Vector, _ firstMoments: Vector, _ secondMoments: Vector,
    _ coefficients: AdamCoefficients
) {
    // First m and v, then the parameters: each pass then needs no more than two vectors.
    update(firstMoments, with: gradients) { moment, gradient in
        moment.addingProduct(Lanes(repeating: coefficients.firstDecay), gradient - moment)
    }
    updateSecondMoments(
        secondMoments, gradients, keep: coefficients.secondKeep, decay: coefficients.secondDecay)
    @inline(__always)
    func updated(_ old: Lanes, _ m: Lanes, _ v: Lanes) -> Lanes {
        let root = v.squareRoot() / Lanes(repeating: coefficients.rootOfSecondCorrection)
        let change = m / (root + Lanes(repeating: coefficients.epsilon))
        return old - Lanes(repeating: coefficients.stepSize) * change
    }
    var index = 0
    while index + 16 <= parameters.count {
        let new = updated(
            load(parameters.base + index), load(firstMoments.base + index),
            load(secondMoments.base + index))
        store(new, to: parameters.base + index)
        index += 16
    }
    let rest = parameters.count - index
    if rest > 0 {
        let new = updated(
            load(parameters.base + index, count: rest),
            load(firstMoments.base + index, count: rest),
            load(secondMoments.base + index, count: rest))
        store(new, to: parameters.base + index, count: rest)
    }
}
