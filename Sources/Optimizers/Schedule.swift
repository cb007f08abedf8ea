/// How a learning rate changes after the warm-up.
public enum ScheduleKind: String, Codable, Sendable, CaseIterable {
    /// The same rate throughout.
    case constant
    /// From the full rate to zero along half a cosine (Loshchilov and Hutter 2017).
    case cosine
    /// Multiplied by a factor after every so many updates.
    case step

    /// Whether the rate of a step depends on the length of the run.
    public var dependsOnLength: Bool { self == .cosine }
}

/// How the learning rate changes over a run; all lengths are in updates.
public struct Schedule: Sendable, Equatable {
    /// The course after the warm-up.
    public let kind: ScheduleKind
    /// The length of the run.
    public let total: Int
    /// The number of first updates, in which the rate rises linearly to the full one.
    public let warmup: Int
    /// The updates between two drops of the step schedule, counted from the run's beginning.
    public let interval: Int
    /// What each drop of the step schedule multiplies the rate by.
    public let gamma: Double

    /// A schedule; only the step schedule uses `interval` and `gamma`.
    public init(
        _ kind: ScheduleKind, total: Int, warmup: Int = 0, interval: Int = 1, gamma: Double = 1
    ) {
        precondition(warmup >= 0, "a warm-up of \(warmup) updates")
        precondition(interval > 0, "falls of the rate every \(interval) updates")
        self.kind = kind
        self.total = total
        self.warmup = warmup
        self.interval = interval
        self.gamma = gamma
    }

    /// The rate of the update that follows `step` others, where `base` is the full one.
    public func rate(_ base: Double, step: Int) -> Double {
        guard step >= warmup else { return base * Double(step + 1) / Double(warmup) }
        switch kind {
        case .constant: return base
        case .cosine:
            let done = Double(step - warmup) / Double(max(total - warmup, 1))
            return base * (1 + cosineOfPi(times: done)) / 2
        case .step: return base * power(gamma, step / interval)
        }
    }
}

/// cos(π x) for 0 <= x <= 1 from its Taylor series: C libraries differ in the last bit.
package func cosineOfPi(times x: Double) -> Double {
    if x > 0.5 { return -cosineOfPi(times: 1 - x) }
    let square = (Double.pi * x) * (Double.pi * x)
    // 1 - y/2 (1 - y/12 (1 - y/30 (...))), the k-th divisor being (2k - 1) 2k; terms after the 11th
    // do not reach the last bit.
    var series = 1.0
    for k in stride(from: 11, to: 0, by: -1) {
        series = 1 - square / Double((2 * k - 1) * 2 * k) * series
    }
    return series
}
