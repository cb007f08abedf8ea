import Bounds

/// The name of a worker's credential: 1 to 64 letters, digits, `.`, `_` or `-`, beginning with a letter
/// or a digit.
public struct KeyName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The name.
    public let description: String

    /// The most characters of a name.
    public static let mostCharacters = NameLength.bytes

    /// Parses a name; nil for any other text.
    public init?(_ text: some StringProtocol) {
        let characters = text.unicodeScalars
        guard (1...Self.mostCharacters).contains(characters.count),
            characters.allSatisfy(isOfNames), let first = characters.first,
            ![".", "_", "-"].contains(first)
        else { return nil }
        description = String(text)
    }

    /// Orders names by their bytes.
    public static func < (left: KeyName, right: KeyName) -> Bool {
        left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
    }
}
