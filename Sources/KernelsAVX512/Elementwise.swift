import CProcessor
import KernelInterface

func addRowsInOrder(_ source: Matrix, into target: Vector, _ shape: ProductShape) {
    // Rows lie far apart, so each is read in long pieces.
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

func copyElements(_ source: Matrix, into target: Matrix, rows: Int, columns: Int) {
    var (from, to) = (source.base, target.base)
    for _ in 0..<rows {
        to.update(from: from, count: columns)
        from += source.rowStride
        to += target.rowStride
    }
}

/// Where the block of sixteen at `first` of `count` values begins.
///
/// The last of several blocks overlaps the one before if it would not be full.
@inline(__always)
private func start(ofBlock first: Int, of count: Int) -> Int { min(first, max(count - 16, 0)) }

/// The columns of a strip of a matrix to transpose: the strips of two matrices fit the nearest cache.
private let transposedStrip = 64

func transposeElements(_ source: Matrix, into target: Matrix, rows: Int, columns: Int) {
    guard rows >= 16 else {
        for column in 0..<columns {
            for row in 0..<rows {
                target.base[column * target.rowStride + row] =
                    source.base[row * source.rowStride + column]
            }
        }
        return
    }
    for strip in stride(from: 0, to: columns, by: transposedStrip) {
        let end = min(strip + transposedStrip, columns)
        for block in stride(from: 0, to: rows, by: 16) {
            let row = start(ofBlock: block, of: rows)
            for column in stride(from: strip, to: end, by: 16) {
                let from = source.base + row * source.rowStride + column
                // The processor does not foresee reads of so many rows.
                for row in 0..<16 {
                    prefetch_line(from + row * source.rowStride + transposedStrip)
                }
                // Loads reach past the row's end, into the next row or the buffer's spare vector.
                transpose_16(
                    from, source.rowStride, target.base + column * target.rowStride + row,
                    target.rowStride, Int32(min(end - column, 16)))
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

func prefetchBytes(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { source in
        guard let start = source.baseAddress else { return }
        for offset in stride(from: 0, to: source.count, by: 64) { prefetch_line(start + offset) }
    }
}

func addPayload(_ source: RawSpan, into target: Vector) {
    source.withUnsafeBytes { bytes in
        // A received frame may have any alignment, so its values are loaded unaligned.
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

func rangeOfColumns(_ values: Matrix, rows: Int, columns: Int) -> Range<Int> {
    var range = 0..<0
    for block in stride(from: 0, to: columns, by: 16) {
        let first = start(ofBlock: block, of: columns)
        var bits = LaneBits.zero
        for row in 0..<rows {
            let base = values.base + row * values.rowStride + first
            bits |= (columns < 16 ? load(base, count: columns) : load(base)).bits
        }
        let occupied = occupied_lanes_16(Lanes(bits: bits))
        guard occupied != 0 else { continue }
        let lower = range.isEmpty ? first + occupied.trailingZeroBitCount : range.lowerBound
        range = lower..<first + 16 - occupied.leadingZeroBitCount
    }
    return range
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
    update(moments, with: gradients) { secondMoment($0, $1, keep: keep, decay: decay) }
}

@inline(__always)
private func secondMoment(_ moment: Lanes, _ gradient: Lanes, keep: Float, decay: Float) -> Lanes {
    (moment * keep).addingProduct(gradient * decay, gradient)
}

func updateByAdam(
    _ parameters: Vector, _ gradients: Vector, _ firstMoments: Vector, _ secondMoments: Vector,
    _ coefficients: AdamCoefficients
) {
    @inline(__always)
    func update(_ values: inout (p: Lanes, m: Lanes, v: Lanes), _ gradient: Lanes) {
        values.m = values.m.addingProduct(
            Lanes(repeating: coefficients.firstDecay), gradient - values.m)
        values.v = secondMoment(
            values.v, gradient, keep: coefficients.secondKeep, decay: coefficients.secondDecay)
        let root = values.v.squareRoot() / Lanes(repeating: coefficients.rootOfSecondCorrection)
        let change = values.m / (root + Lanes(repeating: coefficients.epsilon))
        values.p -= Lanes(repeating: coefficients.stepSize) * change
    }
    let (p, m, v) = (parameters.base, firstMoments.base, secondMoments.base)
    var index = 0
    while index + 16 <= parameters.count {
        var values = (p: load(p + index), m: load(m + index), v: load(v + index))
        update(&values, load(gradients.base + index))
        store(values.p, to: p + index)
        store(values.m, to: m + index)
        store(values.v, to: v + index)
        index += 16
    }
    let rest = parameters.count - index
    if rest > 0 {
        var values = (
            p: load(p + index, count: rest), m: load(m + index, count: rest),
            v: load(v + index, count: rest)
        )
        update(&values, load(gradients.base + index, count: rest))
        store(values.p, to: p + index, count: rest)
        store(values.m, to: m + index, count: rest)
        store(values.v, to: v + index, count: rest)
    }
}
