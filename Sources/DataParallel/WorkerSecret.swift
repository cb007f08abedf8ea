/// The secret that proves a worker's identity: 128 random bits, as 32 hexadecimal digits.
///
/// Its holder is accepted as the worker, so it is sent only to the coordinator.
public struct WorkerSecret: Sendable, Equatable {
    /// The digits.
    public let text: String

    private static let digits = Array("0123456789abcdef")
    private static let count = 32

    /// The secret in a text; nil if the text is invalid.
    public init?(_ text: String) {
        guard text.utf8.count == Self.count, text.allSatisfy(Self.digits.contains) else {
            return nil
        }
        self.text = text
    }

    private init(digits: String) { text = digits }

    /// A new secret from the system's random source.
    public static func random() -> WorkerSecret {
        WorkerSecret(
            digits: String((0..<count).map { _ in digits[.random(in: 0..<digits.count)] }))
    }
}
