import Glibc
import Monitoring

/// The range of an axis and its ticks at round numbers.
package struct Axis {
    /// The lower end.
    package let low: Double
    /// The upper end.
    package let high: Double
    /// The ticks, in ascending order.
    package let ticks: [Double]

    /// An axis that covers all values, with about `count` ticks.
    ///
    /// - Parameters:
    ///   - zero: whether it includes zero.
    ///   - isTight: whether it ends at the last value rather than at a round number.
    package init(
        _ values: some Sequence<Double>, including zero: Bool = false, ticks count: Int = 5,
        isTight: Bool = false
    ) {
        var (low, high) = (Double.infinity, -Double.infinity)
        for value in values where value.isFinite {
            low = min(low, value)
            high = max(high, value)
        }
        if zero || low > high { (low, high) = (min(low, 0), max(high, 0)) }
        // The limits keep sums and differences finite.
        low = max(low, -1e300)
        high = min(high, 1e300)
        if high - low <= abs(high) * 1e-9 { high = low + max(abs(low) * 0.1, 1e-9) }
        let step = Self.roundStep((high - low) / Double(count))
        let first = (low / step).rounded(.down)
        let last = (high / step).rounded(.up)
        self.low = first * step
        self.high = isTight ? high : last * step
        let all = stride(from: first, through: min(last, first + 20), by: 1).map { $0 * step }
        ticks = isTight ? all.filter { $0 <= high } : all
    }

    /// Rounds up to 1, 2, 5 or 10 times a power of ten.
    private static func roundStep(_ step: Double) -> Double {
        let power = pow(10, log10(step).rounded(.down))
        guard power > 0, power.isFinite else { return 1 }
        let factor = [1, 2, 5, 10].first { Double($0) * power >= step * 0.999 } ?? 10
        return Double(factor) * power
    }

    /// The position of a value on the axis, from 0 to 1.
    package func place(_ value: Double) -> Double {
        min(1, max(0, (value - low) / (high - low)))
    }

    /// A tick's label.
    package func text(_ tick: Double) -> String {
        compact(tick, step: ticks.count > 1 ? ticks[1] - ticks[0] : 1)
    }
}

/// A short form of a number, such as `12k` or `0.003`, exact enough to tell multiples of `step`
/// apart.
func compact(_ value: Double, step: Double) -> String {
    let size = abs(value)
    // Rounding may move the tick at zero slightly.
    if size < step * 1e-6 { return "0" }
    if size >= 1e15 || step < 1e-4 && size < 1e-3 { return scientific(value, step) }
    for (limit, sign) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")] where size >= limit {
        let unit = limit == 1e4 ? 1e3 : limit
        return trimmed(fixed(value / unit, decimals(step / unit))) + sign
    }
    return fixed(value, decimals(step))
}

/// A number with four significant digits, such as `0.002991`.
func significant(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    let digits = 3 - Int(log10(abs(value)).rounded(.down))
    return (0...12).contains(digits) ? fixed(value, digits) : "\(Float(value))"
}

/// The decimals that tell multiples of a step apart, at most as many as fit beside the axis.
private func decimals(_ step: Double) -> Int {
    max(0, min(6, Int((-log10(step)).rounded(.up))))
}

/// A number in scientific notation, such as `2.5e-7`.
private func scientific(_ value: Double, _ step: Double) -> String {
    let exponent = log10(abs(value)).rounded(.down)
    func digits(_ number: Double) -> Double {
        // Divides in two parts, because the power itself may overflow or underflow.
        let half = (exponent / 2).rounded(.down)
        return number / pow(10, half) / pow(10, exponent - half)
    }
    return trimmed(fixed(digits(value), decimals(digits(step)))) + "e\(Int(exponent))"
}

/// A number without trailing zeros after the point.
private func trimmed(_ text: String) -> String {
    guard text.contains(".") else { return text }
    let digits = text.reversed().drop { $0 == "0" }
    return String((digits.first == "." ? digits.dropFirst() : digits).reversed())
}
