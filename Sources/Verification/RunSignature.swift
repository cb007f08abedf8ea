import Files
import FoundationEssentials
import Hashing

/// A run's `signature.json`: the holder of a private key signs the run's digest.
public struct RunSignature: Sendable {
    /// The signed digest.
    let digest: RunDigest
    private let signature: [UInt8]

    private struct Content: Codable {
        var format = "tern-signature-1"
        var algorithm = "ed25519"
        var runDigest: String
        /// Base64.
        var signature: String

        enum CodingKeys: String, CodingKey {
            case format, algorithm, signature
            case runDigest = "run_digest"
        }
    }

    /// Signs a run.
    public init(_ digest: RunDigest, by key: SigningKey) {
        self.digest = digest
        signature = key.signature(of: Self.message(digest))
    }

    /// The signed message, whose prefix keeps signatures of other data from being accepted.
    private static func message(_ digest: RunDigest) -> [UInt8] {
        Array("tern-run-1 \(digest.digits)".utf8)
    }

    /// The file's bytes.
    public func encoded() -> [UInt8] {
        let content = Content(
            runDigest: digest.digits, signature: Data(signature).base64EncodedString())
        return Array((jsonText(content, isPretty: true) + "\n").utf8)
    }

    /// Parses a signature; nil unless the file is byte for byte as Tern writes it.
    init?(parsing bytes: [UInt8]) {
        guard let content = try? JSONDecoder().decode(Content.self, from: Data(bytes)),
            let signature = Data(base64Encoded: content.signature)
        else { return nil }
        digest = RunDigest(digits: content.runDigest)
        self.signature = Array(signature)
        guard encoded() == bytes else { return nil }
    }

    /// Whether this key's private half made the signature.
    func isMade(by key: VerifyingKey) -> Bool {
        key.isSignature(signature, of: Self.message(digest))
    }
}
