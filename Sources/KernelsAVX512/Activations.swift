import CProcessor
import KernelInterface

// Exponentials without a library: each is a fixed sequence of IEEE operations, so that no two
// machines, C libraries or vector widths differ in a bit.

/// e^x - 1 split as scale * fraction + (scale - 1), where fraction = e^r - 1, |r| <= ln 2 / 2.
private struct SplitExponential {
    /// 2^n, where n ln 2 is the multiple of ln 2 nearest to x.
    let scale: Lanes
    /// e^r - 1 for the rest r = x - n ln 2.
    let fraction: Lanes

    /// Splits for -87 <= x <= 88; outside, `scale` would not be a normal number.
    @inline(__always)
    init(_ x: Lanes) {
        // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits of the sum.
        let rounder = Lanes(repeating: 12_582_912)
        let rounded = rounder.addingProduct(x, Lanes(repeating: 1.442_695_04))
        let n = rounded - rounder
        // ln 2 in two parts (Cody and Waite 1980): n * high is exact for the n that occur.
        let high = x.addingProduct(n, Lanes(repeating: -0.693_359_375))
        let r = high.addingProduct(n, Lanes(repeating: 2.121_944_4e-4))
        scale = Lanes(bits: (rounded.bits &<< 23) &+ LaneBits(repeating: 0x3F80_0000))
        // The Taylor series to r^8 / 8!: later terms stay below half an ulp for |r| <= 0.35.
        var series = Lanes(repeating: 1.0 / 40_320)
        series = Lanes(repeating: 1.0 / 5_040).addingProduct(series, r)
        series = Lanes(repeating: 1.0 / 720).addingProduct(series, r)
        series = Lanes(repeating: 1.0 / 120).addingProduct(series, r)
        series = Lanes(repeating: 1.0 / 24).addingProduct(series, r)
        series = Lanes(repeating: 1.0 / 6).addingProduct(series, r)
        series = Lanes(repeating: 0.5).addingProduct(series, r)
        fraction = r.addingProduct(series * r, r)
    }
}

/// tanh x = (e^2x - 1) / (e^2x + 1), from e^2x - 1 so that small values keep all their digits.
@inline(__always)
func hyperbolicTangent(_ x: Lanes) -> Lanes {
    // From 2x = 20 on, the result rounds to 1.
    let magnitude = x.magnitude(upTo: 10)
    let split = SplitExponential(magnitude + magnitude)
    let power = (split.scale - Lanes(repeating: 1)).addingProduct(split.scale, split.fraction)
    let quotient = power / (power + Lanes(repeating: 2))
    let signs = x.bits & LaneBits(repeating: 0x8000_0000)
    return Lanes(bits: quotient.bits | signs)
}

/// e^-|x|, which cannot overflow; from |x| = 87 on it stays at e^-87, about 1e-38.
@inline(__always)
func exponential(minus x: Lanes) -> Lanes {
    let negative = Lanes(bits: x.bits | LaneBits(repeating: 0x8000_0000))
    let split = SplitExponential(at_least_16(negative, Lanes(repeating: -87)))
    return split.scale.addingProduct(split.scale, split.fraction)
}

/// The natural logarithm of a normal number; infinity and NaN are returned unchanged.
@inline(__always)
func logarithm(_ x: Float) -> Float {
    guard x < .infinity else { return x }
    // x = 2^exponent * m with m in [sqrt 1/2, sqrt 2); log m = 2 atanh((m - 1) / (m + 1)).
    let offset: UInt32 = 0x3F80_0000 - 0x3F35_04F3
    let shifted = x.bitPattern &+ offset
    let exponent = Float(Int32(shifted >> 23) - 127)
    let m = Float(bitPattern: (shifted & 0x007F_FFFF) &+ 0x3F35_04F3)
    let s = (m - 1) / (m + 1)
    let square = s * s
    var series: Float = 2.0 / 11
    series = Float(2.0 / 9).addingProduct(series, square)
    series = Float(2.0 / 7).addingProduct(series, square)
    series = Float(2.0 / 5).addingProduct(series, square)
    series = Float(2.0 / 3).addingProduct(series, square)
    let low = (s * square * series).addingProduct(exponent, -2.121_944_4e-4)
    return (2 * s + low).addingProduct(exponent, 0.693_359_375)
}

func crossEntropyOfSoftmax(_ logits: Vector, label: Int, smoothing: Double) -> ExampleLoss {
    var best = 0
    for index in 1..<logits.count where logits.base[index] > logits.base[best] { best = index }
    // Subtracting the largest logit keeps the powers at most 1 and changes no quotient.
    let largest = Lanes(repeating: logits.base[best])
    // The target: `onEach` for every class, plus `onLabel` for the label.
    let onLabel = Float(1 - smoothing)
    let onEach = smoothing / Double(logits.count)
    var meanLogit = onLabel * (logits.base[label] - logits.base[best])
    // Without smoothing, a logit of -infinity must not make this NaN by 0 * infinity.
    if smoothing > 0 {
        var sum = 0.0
        for index in 0..<logits.count { sum += Double(logits.base[index] - logits.base[best]) }
        meanLogit += Float(onEach * sum)
    }
    update(logits) { exponential(minus: $0 - largest) }
    var total: Float = 0
    for index in 0..<logits.count { total += logits.base[index] }
    let loss = logarithm(total) - meanLogit
    update(logits) { $0 / Lanes(repeating: total) - Lanes(repeating: Float(onEach)) }
    logits.base[label] -= onLabel
    return ExampleLoss(loss: loss, predicted: best, label: label)
}
