/// What a worker proves its identity with: 128 random bits, as 32 hexadecimal digits.
///
/// Whoever has it is taken for the worker, so it is told to the coordinator alone.
public struct WorkerSecret: Sendable, Equatable {
    /// The digits.
    public let text: String

    private static let digits = Array("0123456789abcdef")
    private static let count = 32

    /// The secret that a text is, if it is one.
    public init?(_ text: String) {
        guard text.utf8.count == Self.count, text.allSatisfy(Self.digits.contains) else {
            return nil
        }
        self.text = text
    }

    private init(digits: String) { text = digits }

    /// A new secret, of the system's source of random bytes.
    public static func random() -> WorkerSecret {
        WorkerSecret(
            digits: String((0..<count).map { _ in digits[.random(in: 0..<digits.count)] }))
    }
}
