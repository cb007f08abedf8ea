/// A secret that ``ProbeServer`` clients present: a line of 32 to 128 hexadecimal digits.
///
/// It is sent in plain text. Whoever intercepts it can only run measurements while the server runs.
/// So each launch makes a new one, separate from the run's key.
public struct ProbeToken: Sendable, Equatable {
    /// The digits.
    public let text: String

    /// Reads a token from a line; nil if it is invalid.
    public init?(_ line: String) {
        guard (32...128).contains(line.utf8.count),
            line.utf8.allSatisfy({ UnicodeScalar($0).properties.isASCIIHexDigit })
        else { return nil }
        text = line
    }

    private init(digits: [Character]) { text = String(digits) }

    /// A new random token.
    public static func random() -> ProbeToken {
        let digits = Array("0123456789abcdef")
        var generator = SystemRandomNumberGenerator()
        return ProbeToken(digits: (0..<32).map { _ in digits[Int(generator.next() & 15)] })
    }
}
