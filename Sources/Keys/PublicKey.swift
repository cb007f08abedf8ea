import Hashing
import ZeroMQ

/// The public half of a key pair: 64 hexadecimal digits.
public struct PublicKey: Hashable, Sendable, CustomStringConvertible {
    /// The key's 32 bytes.
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Parses a key; nil for any other text.
    public init?(_ text: some StringProtocol) {
        guard let bytes = bytesOfKey(text) else { return nil }
        self.bytes = bytes
    }

    /// The digits.
    public var description: String { hexadecimal(bytes) }

    /// The first eight digits, by which people recognise the key.
    public var fingerprint: String { String(description.prefix(8)) }
}

extension CurveKeyPair {
    /// A new pair, from the system's random bytes.
    static func random() throws(SocketError) -> CurveKeyPair {
        var generator = SystemRandomNumberGenerator()
        return try CurveKeyPair(secretKey: (0..<keyLength).map { _ in generator.next() })
    }

    /// The pair of a secret in hexadecimal; nil for any other text, or without encryption in libzmq.
    init?(hexadecimal text: some StringProtocol) {
        guard let bytes = bytesOfKey(text),
            let pair = try? CurveKeyPair(secretKey: bytes)
        else { return nil }
        self = pair
    }
}

/// The bytes of either half of a pair; nil if the text is not that many hexadecimal digits.
private func bytesOfKey(_ text: some StringProtocol) -> [UInt8]? {
    let bytes = bytes(ofHexadecimal: Array(text.utf8))
    return bytes?.count == CurveKeyPair.keyLength ? bytes : nil
}
