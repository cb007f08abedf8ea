/// A name that is safe in any line, path or terminal: ASCII letters, digits, `.`, `_` and `-`, at most
/// 64 bytes.
///
/// `_` replaces every other character.
public func plainName(_ text: String) -> String {
    let plain = text.unicodeScalars.prefix(NameLength.bytes).map { scalar in
        isOfNames(scalar) ? Character(scalar) : "_"
    }
    return String(plain)
}

/// Whether a plain name may contain a character.
package func isOfNames(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": true
    default: false
    }
}

/// The name of a machine, its architecture or its software, made plain wherever it comes from.
@propertyWrapper
public struct PlainName: Sendable, Hashable {
    /// The name.
    public let wrappedValue: String

    /// The plain form of a text.
    public init(wrappedValue: String) { self.wrappedValue = plainName(wrappedValue) }
}

extension PlainName: Codable {
    /// Decodes a text and makes it plain.
    public init(from decoder: any Decoder) throws {
        self.init(wrappedValue: try decoder.singleValueContainer().decode(String.self))
    }

    /// Encodes the bare name.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}
