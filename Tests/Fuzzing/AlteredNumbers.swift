/// A copy of a text or header with one number changed.
package struct AlteredNumber: Sendable {
    /// The name of the number, or its offset.
    package let field: String
    /// The new value.
    package let value: String
    /// The bytes with the new value.
    package let bytes: [UInt8]

    package init(field: String, value: String, bytes: [UInt8]) {
        self.field = field
        self.value = value
        self.bytes = bytes
    }
}

/// The replacements for a number in a JSON text: extremes, and values that no integer can hold.
private let texts =
    Extremes.integers.map(String.init) + [
        "1e300", "-1e300", "1e400", "0.5", "18446744073709551615", "18446744073709551616",
    ]

/// All copies of a JSON text with one number replaced by an extreme one.
///
/// This includes numbers in JSON texts inside its strings.
package func alteredNumbers(ofJSON bytes: [UInt8]) -> [AlteredNumber] {
    numbers(in: bytes).flatMap { place in
        let field = fieldName(before: place.lowerBound, in: bytes)
        return texts.map { text in
            var altered = bytes
            altered.replaceSubrange(place, with: text.utf8)
            return AlteredNumber(field: field, value: text, bytes: altered)
        }
    }
}

/// All copies of a binary header with an extreme number in 4 or 8 bytes, aligned to 4.
package func alteredNumbers(
    ofHeader bytes: [UInt8], in range: Range<Int>, isBigEndian: Bool = false
) -> [AlteredNumber] {
    stride(from: range.lowerBound, to: range.upperBound, by: 4).flatMap { offset in
        let patterns =
            Extremes.integers.map { UInt64(bitPattern: Int64($0)) }
            + Extremes.reals.map(\.bitPattern)
        return [4, 8].filter { offset + $0 <= range.upperBound }.flatMap { size in
            patterns.map { pattern in
                let word = isBigEndian ? pattern.bigEndian : pattern.littleEndian
                let digits = withUnsafeBytes(of: word) { Array($0) }
                let part = isBigEndian ? digits.suffix(size) : digits.prefix(size)
                var altered = bytes
                altered.replaceSubrange(offset..<offset + size, with: part)
                let field = "bytes \(offset)..<\(offset + size)"
                return AlteredNumber(field: field, value: "\(pattern)", bytes: altered)
            }
        }
    }
}

private let digits = Set("0123456789+-.eE".utf8)

/// The ranges of numbers in a JSON text: after a colon, a comma or a bracket, and any spaces.
private func numbers(in bytes: [UInt8]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var before = UInt8(0)
    var index = 0
    while index < bytes.count {
        let byte = bytes[index]
        let isNumber =
            byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        if isNumber, [":", ",", "["].map({ UInt8(ascii: $0) }).contains(before) {
            let end = bytes[index...].firstIndex { !digits.contains($0) } ?? bytes.count
            found.append(index..<end)
            index = end
        }
        if index < bytes.count, bytes[index] > UInt8(ascii: " ") { before = bytes[index] }
        index += 1
    }
    return found
}

/// The last key before an offset in a JSON text.
private func fieldName(before place: Int, in bytes: [UInt8]) -> String {
    let text = String(decoding: bytes[..<place], as: UTF8.self)
    let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
    return parts.dropLast().last.map { String($0.filter { $0 != "\\" }) } ?? ""
}
