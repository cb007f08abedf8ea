/// Scales grey pixels to another size with a triangle filter.
///
/// The filter is as wide as the coarser grid, and up to a third wider if the picture shrinks: so a
/// stroke of one pixel becomes about as wide as MNIST's.
func resampled(
    _ pixels: [UInt8], columns: Int, to size: (rows: Int, columns: Int)
) -> [Double] {
    let rows = pixels.count / columns
    let across = taps(from: columns, to: size.columns)
    let down = taps(from: rows, to: size.rows)
    // [rows, size.columns]
    let narrowed = (0..<rows).flatMap { row in
        across.map { tap in tap.sum { Double(pixels[row * columns + $0]) } }
    }
    return down.flatMap { tap in
        (0..<size.columns).map { column in
            tap.sum { narrowed[$0 * size.columns + column] }
        }
    }
}

/// The source values of one result value: from `first`, with weights that sum to 1.
private struct Tap {
    let first: Int
    let weights: [Double]

    /// The weighted sum of the source values.
    func sum(of value: (Int) -> Double) -> Double {
        var sum = 0.0
        for (offset, weight) in weights.enumerated() { sum += weight * value(first + offset) }
        return min(sum, 255)
    }
}

/// The taps for `target` values from `source` values.
private func taps(from source: Int, to target: Int) -> [Tap] {
    let ratio = Double(source) / Double(target)
    let reach = max(1, 1.3 * ratio - 0.3)
    return (0..<target).map { index in
        let centre = (Double(index) + 0.5) * ratio - 0.5
        let first = max(0, Int((centre - reach).rounded(.up)))
        let last = min(source - 1, Int((centre + reach).rounded(.down)))
        let weights = (first...last).map { 1 - (Double($0) - centre).magnitude / reach }
        let total = weights.reduce(0, +)
        return Tap(first: first, weights: weights.map { $0 / total })
    }
}
