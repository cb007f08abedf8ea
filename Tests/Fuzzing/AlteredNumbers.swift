/// A copy of a text or header in which one number is another.
package struct AlteredNumber: Sendable {
    /// The name of the number, or its place.
    package let field: String
    /// What it is now.
    package let value: String
    /// The bytes with that value.
    package let bytes: [UInt8]

    package init(field: String, value: String, bytes: [UInt8]) {
        self.field = field
        self.value = value
        self.bytes = bytes
    }
}

/// What each number of a JSON text is replaced by: extremes, and what no integer holds.
private let texts =
    Extremes.integers.map(String.init) + [
        "1e300", "-1e300", "1e400", "0.5", "18446744073709551615", "18446744073709551616",
    ]

/// All copies of a JSON text in which one number is an extreme one.
///
/// So are the numbers of a JSON text that is a string of this one.
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

/// All copies of a binary header in which 4 or 8 bytes, aligned to 4, hold an extreme number.
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

/// Where a JSON text has numbers: behind a colon, a comma or a bracket, or spaces behind those.
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

/// The key that stands last before a place in a JSON text.
private func fieldName(before place: Int, in bytes: [UInt8]) -> String {
    let text = String(decoding: bytes[..<place], as: UTF8.self)
    let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
    return parts.dropLast().last.map { String($0.filter { $0 != "\\" }) } ?? ""
}
