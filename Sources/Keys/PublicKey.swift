import Hashing
import ZeroMQ

/// The half of a key pair that others may know: 64 hexadecimal digits.
public struct PublicKey: Hashable, Sendable, CustomStringConvertible {
    /// The key's 32 bytes.
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The key that a text is, if it is one.
    public init?(_ text: some StringProtocol) {
        guard let bytes = bytesOfKey(text) else { return nil }
        self.bytes = bytes
    }

    /// The digits.
    public var description: String { hexadecimal(bytes) }

    /// Eight digits by which people tell keys apart.
    public var fingerprint: String { String(description.prefix(8)) }
}

extension CurveKeyPair {
    /// A new pair, of the system's source of random bytes.
    static func random() throws(SocketError) -> CurveKeyPair {
        var generator = SystemRandomNumberGenerator()
        return try CurveKeyPair(secretKey: (0..<keyLength).map { _ in generator.next() })
    }

    /// The pair of a secret in hexadecimal; nil where the text is none, or libzmq has no encryption.
    init?(hexadecimal text: some StringProtocol) {
        guard let bytes = bytesOfKey(text),
            let pair = try? CurveKeyPair(secretKey: bytes)
        else { return nil }
        self = pair
    }
}

/// The bytes of either half of a pair; nil where the text is not as many hexadecimal digits.
private func bytesOfKey(_ text: some StringProtocol) -> [UInt8]? {
    let bytes = bytes(ofHexadecimal: Array(text.utf8))
    return bytes?.count == CurveKeyPair.keyLength ? bytes : nil
}
