import Randomness
import Testing

@Suite("Philox4x32-10")
struct PhiloxTests {
    /// A counter and a key, and the words that the generator computes from them.
    struct Vector: Sendable {
        let counter: SIMD4<UInt32>
        let key: SIMD2<UInt32>
        let words: SIMD4<UInt32>
    }

    // The known answers of Random123, the authors' library.
    private static let knownAnswers = [
        Vector(
            counter: .zero, key: .zero,
            words: [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]),
        Vector(
            counter: SIMD4(repeating: .max), key: SIMD2(repeating: .max),
            words: [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]),
        Vector(
            counter: [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344],
            key: [0xA409_3822, 0x299F_31D0],
            words: [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1]),
    ]

    @Test("matches the words of the reference implementation", arguments: knownAnswers)
    func knownAnswer(vector: Vector) {
        #expect(Philox.rounds(vector.counter, key: vector.key) == vector.words)
    }

    @Test("uses the seed as key, and counts blocks beside a hash of the stream's purpose")
    func stream() {
        let seed: UInt64 = 0x0123_4567_89AB_CDEF
        let stream = hash(Array("epoch".utf8) + [0xFF] + [3, 0, 0, 0, 0, 0, 0, 0])
        var random = Philox(seed: seed, for: "epoch", 3)
        for block in UInt32(0)..<100 {
            let words = Philox.rounds(
                [block, 0, UInt32(truncatingIfNeeded: stream), UInt32(stream >> 32)],
                key: [0x89AB_CDEF, 0x0123_4567])
            for lane in 0..<4 { #expect(random.next32() == words[lane]) }
        }
    }

    @Test("builds 64 bits from two words, the low one first")
    func wideWords() {
        var words = Philox(seed: 1, for: "test")
        var wide = words
        for _ in 0..<10 {
            let low = UInt64(words.next32())
            let high = UInt64(words.next32())
            #expect(wide.next() == high << 32 | low)
        }
    }

    /// FNV-1a, 64 bits.
    private func hash(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
