/// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011).
///
/// A seed and a purpose name a stream, so any part of the program draws the same numbers without
/// asking another, in any order and on any machine.
public struct Philox: RandomNumberGenerator, Sendable {
    private let key: SIMD2<UInt32>
    private let stream: SIMD2<UInt32>
    private var block: UInt64 = 0
    private var words = SIMD4<UInt32>.zero
    private var used = 4

    /// The stream of `seed` for a purpose and the numbers that identify one use of it.
    public init<each Number: FixedWidthInteger>(
        seed: UInt64, for purpose: String, _ numbers: repeat each Number
    ) {
        // FNV-1a over the purpose's bytes, a separator, and the numbers as 64 bits each.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        for byte in purpose.utf8 { mix(byte) }
        mix(0xFF)
        for number in repeat each numbers {
            let bits = UInt64(truncatingIfNeeded: number)
            for shift in stride(from: 0, to: 64, by: 8) {
                mix(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
            }
        }
        key = Self.halves(seed)
        stream = Self.halves(hash)
    }

    /// The next 32 random bits.
    public mutating func next32() -> UInt32 {
        if used == 4 {
            words = Self.rounds(
                SIMD4(UInt32(truncatingIfNeeded: block), UInt32(block >> 32), stream.x, stream.y),
                key: key)
            block += 1
            used = 0
        }
        defer { used += 1 }
        return words[used]
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        let low = UInt64(next32())
        return UInt64(next32()) << 32 | low
    }

    /// A number in [0, 1), a multiple of 2^-24.
    public mutating func uniform() -> Float { Float(next32() >> 8) * 0x1p-24 }

    /// A number in 0..<bound without bias, by multiplication and rejection (Lemire 2019).
    public mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "there is no number below \(bound)")
        let range = UInt64(bound)
        let smallest = (0 &- range) % range
        while true {
            let product = next().multipliedFullWidth(by: range)
            if product.low >= smallest { return Int(product.high) }
        }
    }

    /// A uniformly random order of 0..<count (Fisher and Yates).
    public mutating func permutation(of count: Int) -> [Int32] {
        var order = (0..<Int32(count)).map { $0 }
        for index in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(index, below(index + 1))
        }
        return order
    }

    /// The ten rounds that turn a counter and a key into four random words.
    package static func rounds(_ counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var x = counter
        var key = key
        for _ in 0..<10 {
            let first = x[0].multipliedFullWidth(by: 0xD251_1F53)
            let second = x[2].multipliedFullWidth(by: 0xCD9E_8D57)
            x = SIMD4(
                second.high ^ x[1] ^ key.x, second.low, first.high ^ x[3] ^ key.y, first.low)
            key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
        }
        return x
    }

    private static func halves(_ value: UInt64) -> SIMD2<UInt32> {
        SIMD2(UInt32(truncatingIfNeeded: value), UInt32(value >> 32))
    }
}
