import CCrypto

/// The private half of an Ed25519 pair (RFC 8032): whoever has it can sign.
public struct SigningKey: Sendable {
    private let seed: [UInt8]

    /// The key from 32 secret bytes.
    public init(seed: [UInt8]) {
        precondition(seed.count == 32, "an Ed25519 key has 32 bytes, not \(seed.count)")
        self.seed = seed
    }

    /// A new key from libcrypto's random bytes.
    public static func random() -> SigningKey {
        var seed = [UInt8](repeating: 0, count: 32)
        // Without random bytes no key is a secret.
        guard RAND_bytes(&seed, 32) == 1 else { fatalError("libcrypto has no random bytes") }
        return SigningKey(seed: seed)
    }

    /// Reads a key in the PEM format (PKCS #8), as `openssl genpkey -algorithm ed25519` writes it.
    public init(pem: [UInt8]) throws(KeyTextError) {
        self.init(seed: try LibraryKey(pem: pem, isPrivate: true).bytes(isPrivate: true))
    }

    /// The key in the PEM format.
    public var pem: [UInt8] { LibraryKey(seed, isPrivate: true).pem(isPrivate: true) }

    /// The half that verifies this key's signatures.
    public var publicKey: VerifyingKey {
        VerifyingKey(bytes: LibraryKey(seed, isPrivate: true).bytes(isPrivate: false))
    }

    /// The signature of a message, 64 bytes; it is deterministic.
    public func signature(of message: [UInt8]) -> [UInt8] {
        let key = LibraryKey(seed, isPrivate: true)
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        return [UInt8](unsafeUninitializedCapacity: 64) { bytes, count in
            var length = 64
            // For a valid key this fails only if memory runs out.
            guard EVP_DigestSignInit(context, nil, nil, nil, key.pointer) == 1,
                EVP_DigestSign(context, bytes.baseAddress, &length, message, message.count) == 1
            else { fatalError("libcrypto cannot sign") }
            count = length
        }
    }
}
