import Randomness
import Testing

@Suite("A random stream")
struct StreamTests {
    @Test("is fixed by its seed and name, and a copy continues like its original")
    func repeats() {
        var first = Philox(seed: 7, for: "epoch", 1, 2)
        var second = Philox(seed: 7, for: "epoch", 1, 2)
        for _ in 0..<5 { #expect(first.next32() == second.next32()) }
        var copy = first
        for _ in 0..<9 { #expect(copy.next32() == first.next32()) }
    }

    @Test("is independent of those with another seed, purpose or number")
    func independence() {
        var streams = [
            Philox(seed: 0, for: "a"), Philox(seed: 1, for: "a"), Philox(seed: 1 << 32, for: "a"),
            Philox(seed: 0, for: "b"), Philox(seed: 0, for: ""), Philox(seed: 0, for: "a", 0),
            Philox(seed: 0, for: "a", 1), Philox(seed: 0, for: "a", -1),
            Philox(seed: 0, for: "a", 1 << 40), Philox(seed: 0, for: "a", 0, 0),
            Philox(seed: 0, for: "a", 0, 1), Philox(seed: 0, for: "a", 1, 0),
        ]
        let drawn = streams.indices.map { stream in
            (0..<1_000).map { _ in streams[stream].next32() }
        }
        for first in drawn.indices {
            for second in drawn.indices where second > first {
                // 16,000 ± 89 of 32,000 bits agree by chance; eight deviations are allowed.
                let agreeing = zip(drawn[first], drawn[second]).reduce(0) { sum, pair in
                    sum + (~(pair.0 ^ pair.1)).nonzeroBitCount
                }
                #expect((agreeing - 16_000).magnitude < 8 * 89, "streams \(first) and \(second)")
            }
        }
    }

    @Test("gives uniform multiples of 2^-24 in [0, 1)")
    func uniform() {
        var random = Philox(seed: 3, for: "uniform")
        var counts = [Int](repeating: 0, count: 16)
        for value in (0..<160_000).map({ _ in random.uniform() }) {
            let isMultiple = (value * 0x1p24).rounded() == value * 0x1p24
            guard value >= 0 && value < 1 && isMultiple else {
                Issue.record("\(value)")
                return
            }
            counts[Int(value * 16)] += 1
        }
        // 10,000 ± 97 each.
        #expect(counts.allSatisfy { ($0 - 10_000).magnitude < 6 * 97 }, "\(counts)")
    }

    @Test("gives numbers below a bound, all equally likely", arguments: [1, 2, 3, 10, 1_000])
    func below(bound: Int) {
        var random = Philox(seed: 4, for: "below", bound)
        var counts = [Int](repeating: 0, count: bound)
        for _ in 0..<100 * bound { counts[random.below(bound)] += 1 }
        // 100 ± 10 each.
        #expect(counts.allSatisfy { ($0 - 100).magnitude <= 60 }, "\(counts)")
    }

    @Test("is unbiased for a bound that does not divide 2^64")
    func unbiased() {
        // By multiplication alone, the first two of three numbers would get three words of eight each, and the
        // third number two.
        let bound = 3 << 61
        var random = Philox(seed: 5, for: "bias")
        var counts = [0, 0, 0]
        for _ in 0..<30_000 {
            let value = random.below(bound)
            guard value >= 0 && value < bound else {
                Issue.record("\(value)")
                return
            }
            counts[value % 3] += 1
        }
        // 10,000 ± 82 each; without rejection 11,250 and 7,500.
        #expect(counts.allSatisfy { ($0 - 10_000).magnitude < 6 * 82 }, "\(counts)")
    }

    @Test("permutes each number once", arguments: [0, 1, 2, 3, 100, 4_097])
    func permutation(count: Int) {
        var random = Philox(seed: 6, for: "permutation")
        let order = random.permutation(of: count)
        #expect(order.sorted() == (0..<Int32(count)).map { $0 })
        if count > 3 { #expect(order != order.sorted()) }
    }

    @Test("gives all orders of four equally often")
    func allOrders() {
        var random = Philox(seed: 7, for: "orders")
        var counts: [[Int32]: Int] = [:]
        for _ in 0..<24_000 { counts[random.permutation(of: 4), default: 0] += 1 }
        #expect(counts.count == 24)
        // 1,000 ± 31 each.
        #expect(counts.values.allSatisfy { ($0 - 1_000).magnitude < 6 * 31 }, "\(counts)")
    }
}
