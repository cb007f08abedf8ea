import Glibc

/// Computes other bytes with the same XXH3-64, without a search.
///
/// In a block of 1,024 bytes, XXH3 sums 16 stripes of 64 bytes in 8 lanes of 8 bytes. Each word is added to
/// one accumulator; after an exclusive or with a known secret, the product of its halves is added to another.
/// So five words of a lane can be chosen freely except for two sums: with the halves 1, 2^31 and 2^31 their
/// products give any number, and two words with a half of 0 set the other sum.
struct Collision {
    /// The 192 bytes of the public secret.
    private let secret: [UInt8]

    /// Nil if the library does not export its secret.
    init?() {
        typealias Generate = @convention(c) (UnsafeMutableRawPointer, UInt64) -> Void
        guard let symbol = dlsym(nil, "XXH3_generateSecret_fromSeed") else { return nil }
        var secret = [UInt8](repeating: 0, count: 192)
        unsafeBitCast(symbol, to: Generate.self)(&secret, 0)
        self.secret = secret
    }

    /// Other finite float32 values with the same checksum: 10 of the first 256 change.
    ///
    /// - Precondition: there are more than 256 values.
    func values(insteadOf values: [Float]) -> [Float]? {
        precondition(values.count > 256, "fewer bytes are summed in another way")
        for lane in 0..<8 {
            for first in 0..<12 {
                let words = changed(
                    Array(first..<first + 5).map { word($0, lane, in: values) }, first, lane)
                var changed = values
                for (stripe, word) in zip(first..., words) {
                    let place = 16 * stripe + 2 * lane
                    changed[place] = Float(bitPattern: UInt32(truncatingIfNeeded: word))
                    changed[place + 1] = Float(bitPattern: UInt32(word >> 32))
                }
                if changed.allSatisfy(\.isFinite), changed != values { return changed }
            }
        }
        return nil
    }

    private func word(_ stripe: Int, _ lane: Int, in values: [Float]) -> UInt64 {
        let place = 16 * stripe + 2 * lane
        return UInt64(values[place].bitPattern) | UInt64(values[place + 1].bitPattern) << 32
    }

    private func secretWord(_ stripe: Int, _ lane: Int) -> UInt64 {
        let start = 8 * (stripe + lane)
        return (0..<8).reduce(0) { $0 | UInt64(secret[start + $1]) << UInt64(8 * $1) }
    }

    /// Five other words of a lane with the same sum and the same sum of products.
    private func changed(_ words: [UInt64], _ first: Int, _ lane: Int) -> [UInt64] {
        let secrets = (0..<5).map { secretWord(first + $0, lane) }
        let half: UInt64 = 0xffff_ffff
        let sum = words.reduce(0, &+)
        let products = zip(words, secrets).reduce(UInt64(0)) {
            let key = $1.0 ^ $1.1
            return $0 &+ (key & half) &* (key >> 32)
        }
        // The lower halves of the keys; the last one sets the sum of the words' lower halves.
        var low: [UInt64] = [1, 1 << 31, 1 << 31, 0]
        let others = zip(low, secrets).reduce(UInt64(0)) { $0 + (($1.0 ^ $1.1) & half) }
        let lastWord = (sum &- others) & half
        low.append(lastWord ^ secrets[4] & half)
        let carry = (others + lastWord) >> 32
        // The upper halves: three set the products, and one the sum of the words' upper halves.
        let rest = products >> 31
        let part = min(rest, half - 1)
        var high = [products & (1 << 31 - 1), part, rest - part, 0, 0]
        let fixed = [0, 1, 2, 4].reduce(carry) { $0 &+ (high[$1] ^ secrets[$1] >> 32) }
        high[3] = ((sum >> 32) &- fixed) & half ^ secrets[3] >> 32
        return (0..<5).map { (high[$0] << 32 | low[$0]) ^ secrets[$0] }
    }
}
