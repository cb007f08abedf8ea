/// The name of a worker's credential: 1 to 64 letters, digits, `.`, `_` or `-`, the first of them a letter
/// or a digit.
public struct KeyName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The name.
    public let description: String

    /// The most characters of a name.
    public static let mostCharacters = 64

    /// The name that a text is, if it is one.
    public init?(_ text: some StringProtocol) {
        guard (1...Self.mostCharacters).contains(text.utf8.count),
            text.utf8.allSatisfy(Self.isAllowed),
            let first = text.utf8.first, Self.isAlphanumeric(first)
        else { return nil }
        description = String(text)
    }

    /// In the order of their bytes.
    public static func < (left: KeyName, right: KeyName) -> Bool {
        left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || [".", "_", "-"].contains(Character(Unicode.Scalar(byte)))
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
