/// A number with a fixed number of decimals, such as `0.4321`; huge numbers in Swift's default
/// format.
public func fixed(_ value: Double, _ decimals: Int) -> String {
    var text: [UInt8] = []
    text.append(fixed: value, decimals)
    return String(decoding: text, as: UTF8.self)
}

extension [UInt8] {
    /// Appends the text of ``fixed(_:_:)`` in UTF-8, because a chart has thousands of numbers.
    public mutating func append(fixed value: Double, _ decimals: Int) {
        let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
        // The second limit keeps the scaled number within Int.
        guard abs(value) < 1e12, abs(value) * scale < 1e18 else {
            append(contentsOf: value.description.utf8)
            return
        }
        var rest = Int((abs(value) * scale).rounded())
        if value < 0, rest > 0 { append(UInt8(ascii: "-")) }
        let start = count
        var digits = 0
        repeat {
            if digits == decimals, decimals > 0 { append(UInt8(ascii: ".")) }
            append(UInt8(ascii: "0") + UInt8(rest % 10))
            (rest, digits) = (rest / 10, digits + 1)
        } while rest > 0 || digits <= decimals
        self[start...].reverse()
    }
}

/// A fraction from 0 to 1 in per cent, such as `87.50%`.
public func percent(_ share: Double) -> String { fixed(share * 100, 2) + "%" }

/// A whole number in groups of three digits, such as `12,345`.
public func grouped(_ value: Double) -> String {
    let text = fixed(value, 0)
    let sign = text.hasPrefix("-") ? "-" : ""
    var rest = text.dropFirst(sign.count)
    // Non-finite and huge numbers contain letters and stay as they are.
    guard rest.allSatisfy(\.isWholeNumber) else { return text }
    var groups: [Substring] = []
    while rest.count > 3 {
        groups.insert(rest.suffix(3), at: 0)
        rest = rest.dropLast(3)
    }
    return sign + ([rest] + groups).joined(separator: ",")
}

/// A duration, such as `1:02:03` or `0:42`.
public func clockText(seconds: Double) -> String {
    guard !seconds.isNaN else { return "?" }
    let seconds = Int(max(0, min(seconds.rounded(), 1e9)))
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
    return hours > 0
        ? "\(hours):\(two(minutes)):\(two(seconds % 60))" : "\(minutes):\(two(seconds % 60))"
}
