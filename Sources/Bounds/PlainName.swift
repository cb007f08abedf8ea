/// A name that can stand in any line, path or terminal: ASCII letters, digits, `.`, `_` and `-`, 64 bytes
/// at most.
///
/// `_` stands for each other character.
public func plainName(_ text: String) -> String {
    let plain = text.unicodeScalars.prefix(NameLength.bytes).map { scalar in
        isOfNames(scalar) ? Character(scalar) : "_"
    }
    return String(plain)
}

/// Whether a character can stand in a plain name.
package func isOfNames(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": true
    default: false
    }
}

/// The name of a machine, or of what it has: plain from the beginning, wherever it comes from.
@propertyWrapper
public struct PlainName: Sendable, Hashable {
    /// The name.
    public let wrappedValue: String

    /// The plain form of a text.
    public init(wrappedValue: String) { self.wrappedValue = plainName(wrappedValue) }
}

extension PlainName: Codable {
    /// Reads a text and makes it plain.
    public init(from decoder: any Decoder) throws {
        self.init(wrappedValue: try decoder.singleValueContainer().decode(String.self))
    }

    /// Writes the bare name.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}
