import Hashing
import Testing

@Suite("Ed25519")
struct SigningTests {
    /// The first three vectors of RFC 8032, section 7.1.
    private static let vectors = [
        (
            seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", message: "",
            signature: "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            message: "72",
            signature: "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
        (
            seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            key: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            message: "af82",
            signature: "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ]

    /// The example keys of RFC 8410, section 10.
    private static let privatePEM = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
        -----END PRIVATE KEY-----

        """
    private static let publicPEM = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
        -----END PUBLIC KEY-----

        """

    private func bytes(_ digits: String) -> [UInt8] {
        let digits = Array(digits)
        return stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(digits[$0...$0 + 1]), radix: 16)
        }
    }

    @Test("matches the standard's keys and signatures", arguments: vectors)
    func known(seed: String, key: String, message: String, signature: String) {
        let signer = SigningKey(seed: bytes(seed))
        #expect(signer.publicKey == VerifyingKey(bytes: bytes(key)))
        #expect(signer.signature(of: bytes(message)) == bytes(signature))
        #expect(signer.publicKey.isSignature(bytes(signature), of: bytes(message)))
    }

    @Test("rejects a signature, message or key with any bit flipped, and any other length")
    func altered() {
        let signer = SigningKey(seed: bytes(Self.vectors[2].seed))
        let (key, message) = (signer.publicKey, bytes(Self.vectors[2].message))
        let signature = signer.signature(of: message)
        for (place, count) in [signature, message, key.bytes].map(\.count).enumerated() {
            for bit in 0..<8 * count {
                var parts = [signature, message, key.bytes]
                parts[place][bit / 8] ^= 1 << (bit % 8)
                #expect(!VerifyingKey(bytes: parts[2]).isSignature(parts[0], of: parts[1]))
            }
        }
        for other in [[], signature.dropLast(), signature + [0]] {
            #expect(!key.isSignature(Array(other), of: message))
        }
    }

    @Test("creates a new key each time, and its signature verifies only with that key")
    func random() {
        let keys = [SigningKey.random(), .random()]
        #expect(keys[0].publicKey != keys[1].publicKey)
        let signature = keys[0].signature(of: [1])
        #expect(keys[0].publicKey.isSignature(signature, of: [1]))
        #expect(!keys[1].publicKey.isSignature(signature, of: [1]))
    }

    @Test("reads and writes keys in the standard's PEM form")
    func pem() throws {
        let key = try SigningKey(pem: Array(Self.privatePEM.utf8))
        #expect(String(decoding: key.pem, as: UTF8.self) == Self.privatePEM)
        #expect(String(decoding: key.publicKey.pem, as: UTF8.self) == Self.publicPEM)
        #expect(try VerifyingKey(pem: Array(Self.publicPEM.utf8)) == key.publicKey)
    }

    @Test("reports what a file holds instead of the needed key")
    func otherTexts() {
        func errors(_ text: String) -> [KeyTextError?] {
            let bytes = Array(text.utf8)
            func error(_ read: () throws(KeyTextError) -> Void) -> KeyTextError? {
                do throws(KeyTextError) { try read() } catch { return error }
                return nil
            }
            return [
                error { () throws(KeyTextError) in _ = try SigningKey(pem: bytes) },
                error { () throws(KeyTextError) in _ = try VerifyingKey(pem: bytes) },
            ]
        }
        #expect(errors(Self.privatePEM) == [nil, .isPrivate])
        #expect(errors(Self.publicPEM) == [.isPublic, nil])
        for text in ["", "tern-key-1 00", "\0\u{ff}", "-----BEGIN PUBLIC KEY"] {
            #expect(errors(text) == [.notPEM, .notPEM])
        }
        let damaged = Self.privatePEM.replacing("MC4C", with: "MC5C")
        #expect(errors(damaged) == [.notPEM, .isPrivate])
        let encrypted = Self.privatePEM.replacing("PRIVATE", with: "ENCRYPTED PRIVATE")
        #expect(errors(encrypted) == [.encrypted, .encrypted])
        let openSSH = Self.privatePEM.replacing("PRIVATE", with: "OPENSSH PRIVATE")
        #expect(
            errors(openSSH) == [
                .otherKind("OPENSSH PRIVATE KEY"), .otherKind("OPENSSH PRIVATE KEY"),
            ])
        // One changed byte of the object identifier makes both X25519 keys.
        #expect(errors(Self.privatePEM.replacing("K2Vw", with: "K2Vu"))[0] == .otherKind("X25519"))
        #expect(errors(Self.publicPEM.replacing("K2Vw", with: "K2Vu"))[1] == .otherKind("X25519"))
    }
}
