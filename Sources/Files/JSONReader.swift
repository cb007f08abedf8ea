/// Reads a JSON text (RFC 8259) from front to end and rejects everything outside the grammar.
///
/// Foundation's decoder is laxer: it takes UTF-16, a byte order mark, trailing commas, `5.0` as a
/// whole number, and the first of two equal keys.
package struct JSONReader {
    /// Why a text is rejected, and at which byte.
    package struct Fault: Error {
        /// The offset of the byte.
        package let place: Int
        /// What is wrong there.
        package let reason: String
    }

    private let bytes: [UInt8]
    private var place = 0
    private var depth = 0
    /// The deepest nesting of arrays and objects.
    private static let deepest = 128

    /// A reader of a text, which must be UTF-8.
    package init(_ bytes: ArraySlice<UInt8>) throws(Fault) {
        self.bytes = Array(bytes)
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) {
            throw fault("it begins with a byte order mark")
        }
        if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff])
            || bytes.prefix(4).contains(0)
        {
            throw fault("it is UTF-16 or UTF-32, not UTF-8")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw fault("it is not UTF-8")
        }
    }

    /// Rejects anything but white space in the rest of the text.
    package mutating func finish() throws(Fault) {
        guard peek() == nil else { throw fault("something follows its end") }
    }

    /// An error at the reader's position.
    package func fault(_ reason: String) -> Fault { Fault(place: place, reason: reason) }
}

// MARK: - Values

extension JSONReader {
    /// Reads an object, each value with `member`, and rejects a key that appears twice.
    package mutating func object(
        _ member: (inout JSONReader, _ key: String) throws(Fault) -> Void
    ) throws(Fault) {
        var keys: Set<String> = []
        try list("{", "}", "an object") { reader throws(Fault) in
            let key = try reader.string()
            guard keys.insert(key).inserted else {
                throw reader.fault("the key \(key.prefix(80)) stands twice")
            }
            try reader.take(":")
            try member(&reader, key)
        }
    }

    /// Reads an array, each value with `element`.
    package mutating func array(_ element: (inout JSONReader) throws(Fault) -> Void) throws(Fault) {
        try list("[", "]", "an array", element)
    }

    /// Reads `null` if it comes next, and returns whether it did.
    package mutating func null() -> Bool {
        guard peek() == UInt8(ascii: "n"), bytes[place...].starts(with: "null".utf8) else {
            return false
        }
        place += 4
        return true
    }

    /// Reads a number from 0 to the largest `Int`, written without a fraction or an exponent.
    package mutating func wholeNumber() throws(Fault) -> Int {
        guard let first = peek(), first == UInt8(ascii: "-") || isDigit(first) else {
            throw fault("a number should stand here")
        }
        let start = place
        let text = try number()
        guard text.utf8.allSatisfy(isDigit), let value = Int(text) else {
            place = start
            throw fault("\(text.prefix(40)) stands where a whole number from 0 to 2^63 - 1 should")
        }
        return value
    }

    /// Reads a string.
    package mutating func string() throws(Fault) -> String {
        guard peek() == UInt8(ascii: "\"") else { throw fault("a string should stand here") }
        place += 1
        var text: [UInt8] = []
        while place < bytes.count {
            let byte = bytes[place]
            switch byte {
            case UInt8(ascii: "\""):
                place += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text += String(try escaped()).utf8
            case 0..<0x20: throw fault("a string holds a control character")
            default:
                text.append(byte)
                place += 1
            }
        }
        throw fault("a string has no end")
    }

    /// Reads a value of any kind and discards it.
    package mutating func skip() throws(Fault) {
        switch peek() {
        case UInt8(ascii: "{"): try object { reader, _ throws(Fault) in try reader.skip() }
        case UInt8(ascii: "["): try array { reader throws(Fault) in try reader.skip() }
        case UInt8(ascii: "\""): _ = try string()
        case let byte? where byte == UInt8(ascii: "-") || isDigit(byte): _ = try number()
        default:
            guard
                let word = ["true", "false", "null"].first(where: {
                    bytes[place...].starts(with: $0.utf8)
                })
            else { throw fault("a value should stand here") }
            place += word.utf8.count
        }
    }
}

// MARK: - Characters

extension JSONReader {
    /// The next byte that is not white space.
    private mutating func peek() -> UInt8? {
        while place < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[place]) { place += 1 }
        return place < bytes.count ? bytes[place] : nil
    }

    private mutating func take(_ sign: Unicode.Scalar) throws(Fault) {
        guard peek() == UInt8(ascii: sign) else { throw fault("\(sign) should stand here") }
        place += 1
    }

    private mutating func list(
        _ opening: Unicode.Scalar, _ closing: Unicode.Scalar, _ what: String,
        _ element: (inout JSONReader) throws(Fault) -> Void
    ) throws(Fault) {
        guard peek() == UInt8(ascii: opening) else { throw fault("\(what) should stand here") }
        guard depth < Self.deepest else { throw fault("it is nested too deeply") }
        depth += 1
        defer { depth -= 1 }
        place += 1
        if peek() == UInt8(ascii: closing) {
            place += 1
            return
        }
        while true {
            try element(&self)
            if peek() == UInt8(ascii: closing) { break }
            try take(",")
            if peek() == UInt8(ascii: closing) { throw fault("nothing follows a comma") }
        }
        place += 1
    }

    /// Reads a number's text.
    private mutating func number() throws(Fault) -> String {
        let start = place
        if bytes[place] == UInt8(ascii: "-") { place += 1 }
        let isZero = place < bytes.count && bytes[place] == UInt8(ascii: "0")
        if isZero { place += 1 } else { try digits() }
        if place < bytes.count, bytes[place] == UInt8(ascii: ".") {
            place += 1
            try digits()
        }
        if place < bytes.count, bytes[place] | 0x20 == UInt8(ascii: "e") {
            place += 1
            if place < bytes.count, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(bytes[place]) {
                place += 1
            }
            try digits()
        }
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }

    private mutating func digits() throws(Fault) {
        let start = place
        while place < bytes.count, isDigit(bytes[place]) { place += 1 }
        guard place > start else { throw fault("a digit should stand here") }
    }

    /// Reads an escape sequence after its backslash.
    private mutating func escaped() throws(Fault) -> Unicode.Scalar {
        place += 1
        let short: [UInt8: Unicode.Scalar] = [
            UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/",
            UInt8(ascii: "b"): "\u{8}", UInt8(ascii: "f"): "\u{c}", UInt8(ascii: "n"): "\n",
            UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
        ]
        guard place < bytes.count else { throw fault("a string has no end") }
        if let scalar = short[bytes[place]] {
            place += 1
            return scalar
        }
        var units = [try codeUnit()]
        // The first half of a surrogate pair needs the second.
        if UTF16.isLeadSurrogate(units[0]), place < bytes.count, bytes[place] == UInt8(ascii: "\\")
        {
            place += 1
            units.append(try codeUnit())
        }
        guard let text = String(validating: units, as: UTF16.self),
            let scalar = text.unicodeScalars.first
        else { throw fault("an escape stands for no character") }
        return scalar
    }

    private mutating func codeUnit() throws(Fault) -> UInt16 {
        guard place + 5 <= bytes.count, bytes[place] == UInt8(ascii: "u"),
            bytes[place + 1..<place + 5].allSatisfy({
                isDigit($0) || (97...102).contains($0 | 0x20)
            }),
            let unit = UInt16(
                String(decoding: bytes[place + 1..<place + 5], as: UTF8.self), radix: 16)
        else { throw fault("an escape that JSON does not have") }
        place += 5
        return unit
    }
}

private func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}
