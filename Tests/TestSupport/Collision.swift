/// Computes other gradients with the same XXH3-64, as a forger would send them.
///
/// It changes eight values, one pair in each of the first four stripes of 64 bytes. XXH3 adds a stripe's
/// first 64-bit word `d` to two sums modulo 2^64: `d` to one, and to the other the product of the
/// halves of `d ^ k`, where `k` is a constant of the stripe. So four words have eight free halves for
/// two sums, and no search is needed.
package enum Collision {
    /// The constants of the first four stripes' first words (XXH3's default secret).
    private static let keys: [UInt64] = [
        0xBE4B_A423_396C_FEB8, 0x1CAD_21F7_2C81_017C, 0xDB97_9083_E96D_D4DE,
        0x1F67_B3B7_A4A4_4072,
    ]
    /// The words of a stripe.
    private static let stripe = 8

    /// Changes words of a payload but not its XXH3-64; returns false and changes nothing if a changed value would
    /// not be finite.
    package static func change(_ words: inout [UInt64]) -> Bool {
        precondition(words.count > 4 * stripe, "the last stripe is hashed in another way")
        let old = (0..<4).map { words[$0 * stripe] }
        let sum = old.reduce(0, &+)
        let products = zip(old, keys).reduce(0) { $0 &+ product($1.0 ^ $1.1) }
        // The products: 2^32 - 1 times the quotient, 1 times the remainder, and two zeros.
        let (quotient, rest) = products.quotientAndRemainder(dividingBy: 0xFFFF_FFFF)
        guard quotient <= 0xFFFF_FFFF else { return false }
        var new = keys
        new[0] ^= quotient << 32 | 0xFFFF_FFFF
        new[1] ^= rest << 32 | 1
        // In the third key the upper half stays zero and the lower half sets the sum's lower half; in the fourth the
        // upper half sets the sum's upper half.
        let low = new[2] & 0xFFFF_FFFF
        new[2] = new[2] - low
        new[3] &= 0xFFFF_FFFF
        new[2] |= (sum &- new.reduce(0, &+)) & 0xFFFF_FFFF
        new[3] |= sum &- new.reduce(0, &+)
        guard new.allSatisfy(isFinite) else { return false }
        for index in 0..<4 { words[index * stripe] = new[index] }
        return true
    }

    private static func product(_ word: UInt64) -> UInt64 { (word & 0xFFFF_FFFF) &* (word >> 32) }

    private static func isFinite(_ word: UInt64) -> Bool {
        [UInt32(truncatingIfNeeded: word), UInt32(word >> 32)].allSatisfy {
            Float(bitPattern: $0).isFinite
        }
    }
}
