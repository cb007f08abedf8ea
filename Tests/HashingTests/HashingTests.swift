import Hashing
import Testing

@Suite("SHA-256")
struct SHA256Tests {
    // The examples of FIPS 180-4.
    private static let knownSums: [(text: String, sum: String)] = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ]

    @Test("matches the standard's digests", arguments: knownSums)
    func knownSum(text: String, sum: String) {
        #expect(SHA256.hex(of: Array(text.utf8)) == sum)
    }

    @Test("is the same however the bytes are split into updates", arguments: [1, 7, 64, 999_983])
    func pieces(size: Int) {
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        var sum = SHA256()
        bytes.withUnsafeBytes { all in
            var rest = all[...]
            while !rest.isEmpty {
                sum.update(UnsafeRawBufferPointer(rebasing: rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
        }
        let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        #expect(sum.finalizeHex() == expected)
    }

    @Test("treats a buffer without a base address as empty")
    func emptyUpdate() {
        var sum = SHA256()
        sum.update(UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(sum.finalizeHex() == SHA256.hex(of: []))
    }
}

@Suite("CRC-32C")
struct CRC32CTests {
    // The examples of RFC 3720, and the usual check value.
    private static let knownSums: [(bytes: [UInt8], sum: UInt32)] = [
        ([], 0), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
        ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E),
        ((0..<32).reversed(), 0x113F_DB5C), (Array("123456789".utf8), 0xE306_9283),
    ]

    @Test("matches the standard's checksums", arguments: knownSums)
    func knownSum(bytes: [UInt8], sum: UInt32) {
        #expect(CRC32C.sum(of: bytes) == sum)
    }
}

@Suite("XXH3")
struct XXH3Tests {
    // Computed by the reference implementation's command line, `xxhsum -H3`.
    private static let knownSums: [(text: String, sum: UInt64)] = [
        ("", 0x2d06_8005_38d3_94c2),
        ("abc", 0x78af_5f94_892f_3950),
        (String(repeating: "tern", count: 100), 0xf8e8_ebaa_e2b8_4867),
    ]

    @Test("matches the reference implementation", arguments: knownSums)
    func knownSum(text: String, sum: UInt64) {
        #expect(hash64(Array(text.utf8)) == sum)
    }

    // Lengths on both sides of each switch between XXH3's algorithms.
    @Test("detects every flipped bit", arguments: [1, 16, 17, 128, 129, 240, 241, 1025])
    func flippedBits(count: Int) {
        var bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let sum = hash64(bytes)
        for bit in 0..<8 * count {
            bytes[bit / 8] ^= 1 << (bit % 8)
            #expect(hash64(bytes) != sum, "bit \(bit)")
            bytes[bit / 8] ^= 1 << (bit % 8)
        }
    }

    @Test("treats a buffer without a base address as empty")
    func nilBuffer() {
        #expect(XXH3.hash64(UnsafeRawBufferPointer(start: nil, count: 0)) == hash64([]))
    }

    private func hash64(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { XXH3.hash64($0) }
    }
}
