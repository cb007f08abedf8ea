import Randomness

/// Values in ±`limit`, the same for the same seed.
package func randomValues(_ count: Int, seed: UInt64, limit: Float = 1) -> [Float] {
    var random = Philox(seed: seed, for: "test values")
    return (0..<count).map { _ in limit * (2 * random.uniform() - 1) }
}

/// Values of both signs and magnitudes 2^-20 to 2^20, so that sums depend on the order of additions.
package func randomMagnitudes(_ count: Int, seed: UInt64) -> [Float] {
    var random = Philox(seed: seed, for: "test magnitudes")
    return (0..<count).map { _ in
        let exponent = random.below(41) - 20
        return Float(sign: .plus, exponent: exponent, significand: 2 * random.uniform() - 1)
    }
}

/// Bytes, the same for the same seed.
package func randomBytes(_ count: Int, seed: UInt64, below limit: Int = 256) -> [UInt8] {
    var random = Philox(seed: seed, for: "test bytes")
    return (0..<count).map { _ in UInt8(random.below(limit)) }
}

extension Sequence<Float> {
    /// The values' bits, for comparisons where the sign of zero or the last bit matters.
    package var bits: [UInt32] { map(\.bitPattern) }
}

/// |values - reference| / |reference| in Euclidean norm; infinite if a value is not finite.
package func relativeDistance(
    _ values: some Collection<Float>, from reference: some Collection<some BinaryFloatingPoint>
) -> Double {
    precondition(values.count == reference.count, "\(values.count) is not \(reference.count)")
    var distance = 0.0
    var norm = 0.0
    for (value, expected) in zip(values, reference) {
        let difference = Double(value) - Double(expected)
        distance += difference * difference
        norm += Double(expected) * Double(expected)
    }
    let relative = (distance / norm).squareRoot()
    return distance == 0 ? 0 : relative.isFinite ? relative : .infinity
}
