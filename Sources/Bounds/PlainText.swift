/// The text on one line, with `?` for each character that a terminal would not show as itself.
///
/// These are control characters, which forge lines or control a terminal, and characters that reverse
/// the direction of the text or have no width.
///
/// - Parameter limit: the most bytes; the rest is cut.
public func plainText(_ text: String, limit: Int = .max) -> String {
    // Most texts are plain already.
    if text.utf8.count <= limit, text.utf8.allSatisfy(isPlainASCII) { return text }
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

private func isPlainASCII(_ byte: UInt8) -> Bool { (0x20..<0x7F).contains(byte) }

private func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return isPlainASCII(UInt8(truncatingIfNeeded: scalar.value)) }
    guard !scalar.properties.isDefaultIgnorableCodePoint else { return false }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
        .unassigned:
        return false
    default: return true
    }
}

/// A text from a message, made plain and cut when it is decoded.
@propertyWrapper
public struct PlainText<Length: TextLength>: Sendable, Hashable {
    /// The text.
    public var wrappedValue: String

    /// A text from the program itself.
    public init(wrappedValue: String) { self.wrappedValue = wrappedValue }
}

extension PlainText: Codable {
    /// Decodes a text and makes it plain.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        self.init(wrappedValue: plainText(text, limit: Length.bytes))
    }

    /// Encodes the bare text, cut to the limit of decoding.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(plainText(wrappedValue, limit: Length.bytes))
    }
}

/// How long a kind of text may be.
public protocol TextLength {
    /// The most bytes; the rest is cut.
    static var bytes: Int { get }
}

/// The name of a machine, its architecture or its software.
public enum NameLength: TextLength {
    /// The limit of a host's name in Linux.
    public static let bytes = 64
}

/// A reason in words.
public enum ReasonLength: TextLength {
    /// A few lines of a terminal.
    public static let bytes = 400
}
