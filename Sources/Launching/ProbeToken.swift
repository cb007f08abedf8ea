/// A secret by which a ``ProbeServer`` knows those that may measure: a line of 32 to 128 hexadecimal digits.
///
/// It goes over the network as it is. Whoever reads it there can measure for as long as the server runs,
/// and nothing else: so each launch makes a new one, and it is no key of the run.
public struct ProbeToken: Sendable, Equatable {
    /// The digits.
    public let text: String

    /// The token in a line; nil where it is none.
    public init?(_ line: String) {
        guard (32...128).contains(line.utf8.count),
            line.utf8.allSatisfy({ UnicodeScalar($0).properties.isASCIIHexDigit })
        else { return nil }
        text = line
    }

    private init(digits: [Character]) { text = String(digits) }

    /// A new one.
    public static func random() -> ProbeToken {
        let digits = Array("0123456789abcdef")
        var generator = SystemRandomNumberGenerator()
        return ProbeToken(digits: (0..<32).map { _ in digits[Int(generator.next() & 15)] })
    }
}
