/// The text on one line, in which `?` stands for each character that would not show as what it is.
///
/// Such are control characters, which forge lines or steer a terminal, and characters that turn the
/// direction of the text around or have no width.
///
/// - Parameter limit: the bytes after which the text is cut.
public func plainText(_ text: String, limit: Int = .max) -> String {
    var plain = String.UnicodeScalarView()
    var count = 0
    for scalar in text.unicodeScalars {
        let shown = isPlain(scalar) ? scalar : "?"
        count += UTF8.width(shown)
        guard count <= limit else { break }
        plain.append(shown)
    }
    return String(plain)
}

private func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
    guard !scalar.properties.isDefaultIgnorableCodePoint else { return false }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
        .unassigned:
        return false
    default: return true
    }
}

/// A text from a message, made plain and cut where it is decoded.
@propertyWrapper
public struct PlainText<Length: TextLength>: Sendable, Hashable {
    /// The text.
    public var wrappedValue: String

    /// A text of the program's own.
    public init(wrappedValue: String) { self.wrappedValue = wrappedValue }
}

extension PlainText: Codable {
    /// Reads a text and makes it plain.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        self.init(wrappedValue: plainText(text, limit: Length.bytes))
    }

    /// Writes the bare text, cut as whoever reads it would cut it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(plainText(wrappedValue, limit: Length.bytes))
    }
}

/// How long a kind of text may be.
public protocol TextLength {
    /// The bytes after which it is cut.
    static var bytes: Int { get }
}

/// The name of a machine, or of what it has.
public enum NameLength: TextLength {
    /// As long as a host's name may be in Linux.
    public static let bytes = 64
}

/// A reason in words.
public enum ReasonLength: TextLength {
    /// A few lines of a terminal.
    public static let bytes = 400
}
