/// Writes a JSON object field by field, for lines that a run writes many times a second.
///
/// If the fields are added in the order of their names, the result has the same bytes as
/// ``jsonText(_:isPretty:isSnakeCase:)`` of such a value, in a fraction of the time.
public struct JSONObject: Sendable {
    private var bytes: [UInt8] = []

    /// An object without fields.
    public init() {}

    /// Adds a whole number.
    public mutating func add(_ name: StaticString, _ value: Int) {
        begin(name)
        bytes += value.description.utf8
    }

    /// Adds a number, or `null` if it is not finite.
    public mutating func add(_ name: StaticString, _ value: Double) {
        begin(name)
        guard value.isFinite else { return bytes += "null".utf8 }
        let text = value.description.utf8
        bytes += text.hasZeroFraction ? text.dropLast(2) : text[...]
    }

    /// Adds a text.
    public mutating func add(_ name: StaticString, _ value: String) {
        begin(name)
        bytes.append(UInt8(ascii: "\""))
        for byte in value.utf8 { add(byte) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Adds an object.
    public mutating func add(_ name: StaticString, _ value: JSONObject) {
        begin(name)
        bytes += value.text
    }

    /// The object's text in UTF-8.
    public var text: [UInt8] { [UInt8(ascii: "{")] + bytes + [UInt8(ascii: "}")] }

    private mutating func begin(_ name: StaticString) {
        if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes += $0 }
        bytes += "\":".utf8
    }

    private mutating func add(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case 0x08: bytes += "\\b".utf8
        case 0x09: bytes += "\\t".utf8
        case 0x0A: bytes += "\\n".utf8
        case 0x0C: bytes += "\\f".utf8
        case 0x0D: bytes += "\\r".utf8
        case ..<0x20:
            let digits = String(byte, radix: 16)
            bytes += "\\u00\(digits.count < 2 ? "0" : "")\(digits)".utf8
        default: bytes.append(byte)
        }
    }
}

extension String.UTF8View {
    /// Whether a number's text ends with `.0`, which JSON leaves out.
    fileprivate var hasZeroFraction: Bool { suffix(2).elementsEqual(".0".utf8) }
}
