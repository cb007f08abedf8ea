import Bounds

/// Reads a line of a run's file, a JSON object (RFC 8259).
///
/// `JSONDecoder` takes 10 to 20 us for a line, and a run may have a million. This reads what Tern
/// writes, with any white space. The last bit of a number may be wrong, because numbers are only
/// shown.
package struct LineScanner {
    /// The line is damaged.
    package struct Fault: Error {
        /// A fault without details.
        package init() {}
    }

    private let bytes: ArraySlice<UInt8>
    private var place: Int
    private var depth = 0
    /// The maximum nesting depth.
    package static let deepest = 16
    /// The maximum length of a text that is shown.
    package static let longestText = 2048

    /// A scanner at the beginning of a line.
    package init(_ line: ArraySlice<UInt8>) {
        bytes = line
        place = line.startIndex
    }

    /// Whether only white space is left.
    package var isAtEnd: Bool {
        var copy = self
        return copy.peek() == nil
    }
}

// MARK: - Objects and lists

extension LineScanner {
    /// Reads an object, with `member` for each value.
    package mutating func object(
        _ member: (inout LineScanner, _ key: String) throws(Fault) -> Void
    ) throws(Fault) {
        try list("{", "}") { scanner throws(Fault) in
            let key = scanner.string(try scanner.quoted())
            try scanner.take(":")
            try member(&scanner, key)
        }
    }

    /// Reads a list, with `element` for each value; `null` is an empty list.
    package mutating func array(_ element: (inout LineScanner) throws(Fault) -> Void) throws(Fault)
    {
        if try null() { return }
        try list("[", "]", element)
    }

    private mutating func list(
        _ opening: Unicode.Scalar, _ closing: Unicode.Scalar,
        _ element: (inout LineScanner) throws(Fault) -> Void
    ) throws(Fault) {
        guard depth < Self.deepest else { throw Fault() }
        depth += 1
        defer { depth -= 1 }
        try take(opening)
        if takes(closing) { return }
        repeat { try element(&self) } while takes(",")
        try take(closing)
    }

    /// Reads and ignores a value of any kind.
    package mutating func skip() throws(Fault) {
        switch peek() {
        case UInt8(ascii: "{"):
            try list("{", "}") { scanner throws(Fault) in
                _ = try scanner.quoted()
                try scanner.take(":")
                try scanner.skip()
            }
        case UInt8(ascii: "["): try array { scanner throws(Fault) in try scanner.skip() }
        case UInt8(ascii: "\""): _ = try quoted()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        default: _ = try number()
        }
    }
}

// MARK: - Numbers and texts

extension LineScanner {
    /// Reads a number; nil for `null`, which stands for a number that is not finite.
    ///
    /// A number too large for a `Double` is a fault.
    package mutating func number() throws(Fault) -> Double? {
        if try null() { return nil }
        let isNegative = takes("-")
        var (digits, exponent) = (UInt64(0), 0)
        let start = place
        while let digit = digit() { add(digit, to: &digits, &exponent) }
        guard place > start else { throw Fault() }
        if place < bytes.endIndex, bytes[place] == UInt8(ascii: ".") {
            place += 1
            while let digit = digit() {
                add(digit, to: &digits, &exponent)
                exponent -= 1
            }
        }
        if place < bytes.endIndex, bytes[place] | 0x20 == UInt8(ascii: "e") {
            place += 1
            exponent += try writtenExponent()
        }
        let size =
            abs(exponent) < Self.powers.count
            ? Self.scaled(digits, exponent)
            // Rare and slower; several powers would add up their rounding errors.
            : Double(String(decoding: bytes[start..<place], as: UTF8.self)) ?? .infinity
        guard size.isFinite else { throw Fault() }
        return isNegative ? -size : size
    }

    /// Reads a number within limits; nil for `null`.
    mutating func number<Kind: Bound>(_ kind: Kind.Type) throws(Fault) -> Double?
    where Kind.Value == Double {
        guard let value = try number() else { return nil }
        guard Kind.limits.range.contains(value) else { throw Fault() }
        return value
    }

    /// Reads an integer within limits.
    mutating func whole<Kind: Bound>(_ kind: Kind.Type) throws(Fault) -> Int
    where Kind.Value == Int {
        guard let number = try number(), let value = Int(exactly: number),
            Kind.limits.range.contains(value)
        else { throw Fault() }
        return value
    }

    /// Reads a text, made plain and cut to the maximum length; nil for `null`.
    package mutating func text() throws(Fault) -> String? {
        if try null() { return nil }
        let text = string(try quoted())
        let isPlain = text.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
        if isPlain, text.utf8.count <= Self.longestText { return text }
        return plainText(text, limit: Self.longestText)
    }

    /// Reads a value of any kind as written, a text without its quotes; empty for `null`.
    package mutating func raw() throws(Fault) -> String {
        if try null() { return "" }
        if peek() == UInt8(ascii: "\"") { return string(try quoted()) }
        let start = place
        try skip()
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }

    private mutating func digit() -> UInt8? {
        guard place < bytes.endIndex, (0x30...0x39).contains(bytes[place]) else { return nil }
        defer { place += 1 }
        return bytes[place] - 0x30
    }

    /// Adds a digit, or raises the exponent if further digits are insignificant.
    private func add(_ digit: UInt8, to digits: inout UInt64, _ exponent: inout Int) {
        if digits < 1_000_000_000_000_000_000 {
            digits = digits * 10 + UInt64(digit)
        } else {
            exponent += 1
        }
    }

    private mutating func writtenExponent() throws(Fault) -> Int {
        let sign = place < bytes.endIndex ? bytes[place] : 0
        let isNegative = sign == UInt8(ascii: "-")
        if isNegative || sign == UInt8(ascii: "+") { place += 1 }
        var exponent = 0
        let start = place
        while let digit = digit() { exponent = min(exponent * 10 + Int(digit), 9999) }
        guard place > start else { throw Fault() }
        return isNegative ? -exponent : exponent
    }

    private static func scaled(_ digits: UInt64, _ exponent: Int) -> Double {
        exponent < 0 ? Double(digits) / powers[-exponent] : Double(digits) * powers[exponent]
    }

    /// The exact powers of ten.
    private static let powers = (0..<22).reduce(into: [1.0]) { powers, _ in
        powers.append((powers.last ?? 1) * 10)
    }
}

// MARK: - Characters

extension LineScanner {
    /// The next byte after white space.
    private mutating func peek() -> UInt8? {
        while place < bytes.endIndex,
            bytes[place] == 0x20 || bytes[place] == 0x09 || bytes[place] == 0x0D
        { place += 1 }
        return place < bytes.endIndex ? bytes[place] : nil
    }

    private mutating func takes(_ sign: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: sign) else { return false }
        place += 1
        return true
    }

    private mutating func take(_ sign: Unicode.Scalar) throws(Fault) {
        guard takes(sign) else { throw Fault() }
    }

    private mutating func null() throws(Fault) -> Bool {
        guard peek() == UInt8(ascii: "n") else { return false }
        try word("null")
        return true
    }

    private mutating func word(_ word: StaticString) throws(Fault) {
        let end = place + word.utf8CodeUnitCount
        guard end <= bytes.endIndex,
            word.withUTF8Buffer({ bytes[place..<end].elementsEqual($0) })
        else { throw Fault() }
        place = end
    }

    /// The bytes between the next two quotes, with their escapes.
    private mutating func quoted() throws(Fault) -> ArraySlice<UInt8> {
        try take("\"")
        let start = place
        while place < bytes.endIndex, bytes[place] != UInt8(ascii: "\"") {
            place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard place < bytes.endIndex else { throw Fault() }
        defer { place += 1 }
        return bytes[start..<place]
    }

    /// The text of quoted bytes.
    private func string(_ quoted: ArraySlice<UInt8>) -> String {
        guard quoted.contains(UInt8(ascii: "\\")) else {
            return String(decoding: quoted, as: UTF8.self)
        }
        var units: [UInt16] = []
        var rest = quoted
        while let byte = rest.first {
            rest = rest.dropFirst()
            if byte != UInt8(ascii: "\\") {
                let end = rest.firstIndex(of: UInt8(ascii: "\\")) ?? rest.endIndex
                units += String(decoding: [byte] + rest[..<end], as: UTF8.self).utf16
                rest = rest[end...]
            } else if rest.first == UInt8(ascii: "u"), rest.count >= 5 {
                let digits = String(decoding: rest.dropFirst().prefix(4), as: UTF8.self)
                units.append(UInt16(digits, radix: 16) ?? 0xFFFD)
                rest = rest.dropFirst(5)
            } else if let sign = rest.first {
                units.append(Self.escapes[sign] ?? UInt16(sign))
                rest = rest.dropFirst()
            }
        }
        return String(decoding: units, as: UTF16.self)
    }

    private static let escapes: [UInt8: UInt16] = [
        UInt8(ascii: "n"): 10, UInt8(ascii: "t"): 9, UInt8(ascii: "r"): 13, UInt8(ascii: "b"): 8,
        UInt8(ascii: "f"): 12,
    ]
}
