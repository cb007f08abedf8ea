/// How the learning rate changes over a run.
public enum Schedule: String, Codable, Sendable, CaseIterable {
    /// The same rate throughout.
    case constant
    /// From the full rate to zero along half a cosine (Loshchilov and Hutter 2017).
    case cosine

    /// The rate of the update that follows `step` others, of `total` in the run.
    public func rate(_ base: Double, step: Int, of total: Int) -> Double {
        switch self {
        case .constant: base
        case .cosine: base * (1 + cosineOfPi(times: Double(step) / Double(max(total, 1)))) / 2
        }
    }
}

/// cos(π x) for 0 <= x <= 1 from its Taylor series: C libraries differ in the last bit.
package func cosineOfPi(times x: Double) -> Double {
    if x > 0.5 { return -cosineOfPi(times: 1 - x) }
    let square = (Double.pi * x) * (Double.pi * x)
    // 1 - y/2 (1 - y/12 (1 - y/30 (...))), the k-th divisor being (2k - 1) 2k; past 11 terms
    // nothing reaches the last bit.
    var series = 1.0
    for k in stride(from: 11, to: 0, by: -1) {
        series = 1 - square / Double((2 * k - 1) * 2 * k) * series
    }
    return series
}
