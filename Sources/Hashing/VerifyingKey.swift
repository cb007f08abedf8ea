import CCrypto

/// The public half of an Ed25519 pair (RFC 8032): it verifies what the private half has signed.
public struct VerifyingKey: Sendable, Equatable {
    /// Its 32 bytes.
    public let bytes: [UInt8]

    /// The key from its 32 bytes.
    public init(bytes: [UInt8]) {
        precondition(bytes.count == 32, "an Ed25519 key has 32 bytes, not \(bytes.count)")
        self.bytes = bytes
    }

    /// Reads a key in the PEM format, as `openssl pkey -pubout` writes it.
    public init(pem: [UInt8]) throws(KeyTextError) {
        self.init(bytes: try LibraryKey(pem: pem, isPrivate: false).bytes(isPrivate: false))
    }

    /// The key in the PEM format.
    public var pem: [UInt8] { LibraryKey(bytes, isPrivate: false).pem(isPrivate: false) }

    /// Whether the private half has signed this message.
    public func isSignature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        let key = LibraryKey(bytes, isPrivate: false)
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, nil, nil, key.pointer) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
