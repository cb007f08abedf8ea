import CCrypto

/// A key as libcrypto holds it.
struct LibraryKey: ~Copyable {
    let pointer: OpaquePointer

    /// One half of an Ed25519 pair, from its 32 bytes.
    init(_ bytes: [UInt8], isPrivate: Bool) {
        precondition(bytes.count == 32, "an Ed25519 key has 32 bytes, not \(bytes.count)")
        // Any bytes are a private key, and libcrypto checks public keys only when it uses them.
        guard let key = isPrivate ? tern_ed25519_private(bytes) : tern_ed25519_public(bytes) else {
            fatalError("libcrypto has no Ed25519")
        }
        pointer = key
    }

    /// Reads one half of an Ed25519 pair as `openssl genpkey` and `openssl pkey` write it.
    init(pem: [UInt8], isPrivate: Bool) throws(KeyTextError) {
        pointer = try Self.key(pem, isPrivate: isPrivate)
    }

    private static func key(
        _ pem: [UInt8], isPrivate: Bool
    ) throws(KeyTextError) -> OpaquePointer {
        let text = String(decoding: pem, as: UTF8.self)
        switch text.firstMatch(of: /-----BEGIN ([A-Z0-9 ]+)-----/)?.output.1 {
        case nil: throw .notPEM
        case "ENCRYPTED PRIVATE KEY": throw .encrypted
        case "PUBLIC KEY": if isPrivate { throw .isPublic }
        case "PRIVATE KEY": if !isPrivate { throw .isPrivate }
        case let label?: throw .otherKind(String(label))
        }
        let buffer = BIO_new_mem_buf(pem, Int32(clamping: pem.count))
        defer { BIO_free(buffer) }
        guard
            let key = isPrivate
                ? PEM_read_bio_PrivateKey(buffer, nil, noPassphrase, nil)
                : PEM_read_bio_PUBKEY(buffer, nil, noPassphrase, nil)
        else { throw .notPEM }
        let kind = tern_key_kind(key).map { String(cString: $0) } ?? "unknown"
        guard kind == "ED25519" else {
            EVP_PKEY_free(key)
            throw .otherKind(kind)
        }
        return key
    }

    deinit { EVP_PKEY_free(pointer) }

    /// One half of the key as 32 bytes.
    func bytes(isPrivate: Bool) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { bytes, count in
            var length = 32
            let result =
                isPrivate
                ? EVP_PKEY_get_raw_private_key(pointer, bytes.baseAddress, &length)
                : EVP_PKEY_get_raw_public_key(pointer, bytes.baseAddress, &length)
            // For a valid key this fails only if memory runs out.
            guard result == 1, length == 32 else { fatalError("libcrypto gives no Ed25519 key") }
            count = length
        }
    }

    /// One half of the key as `openssl` would write it.
    func pem(isPrivate: Bool) -> [UInt8] {
        let buffer = BIO_new(BIO_s_mem())
        defer { BIO_free(buffer) }
        let result =
            isPrivate
            ? PEM_write_bio_PrivateKey(buffer, pointer, nil, nil, 0, nil, nil)
            : PEM_write_bio_PUBKEY(buffer, pointer)
        // Writing to memory fails only if it runs out.
        guard result == 1 else { fatalError("libcrypto cannot write an Ed25519 key") }
        return [UInt8](unsafeUninitializedCapacity: 1024) { text, count in
            count = max(0, Int(BIO_read(buffer, text.baseAddress, 1024)))
        }
    }
}

/// Answers libcrypto's request for a passphrase, so that it does not ask the terminal.
private func noPassphrase(
    _ text: UnsafeMutablePointer<CChar>?, _ size: Int32, _ isNew: Int32,
    _ argument: UnsafeMutableRawPointer?
) -> Int32 { -1 }
