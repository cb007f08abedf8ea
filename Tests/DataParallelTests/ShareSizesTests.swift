import DataParallel
import Randomness
import Testing

private typealias Sample = ShareSizes.Sample

@Suite("The sizes of shares") struct ShareSizesTests {
    /// Share sizes: a class, because `#expect` cannot call mutating functions.
    private final class Sizes {
        private var sizes = ShareSizes()
        func change(_ samples: [ShareSizes.Sample]) -> [Int]? { sizes.change(samples) }
        func isDue() -> Bool { sizes.isDue() }
        func forget() { sizes.forget() }
    }

    private func samples(_ sizes: [Int], _ milliseconds: [Double]) -> [Sample] {
        zip(sizes, milliseconds).map { Sample(slots: $0, timePerSlot: .milliseconds(1) * $1) }
    }

    @Test("let all workers finish soonest")
    func fastest() {
        func sizes(_ total: Int, _ milliseconds: Double...) -> [Int] {
            ShareSizes.sizes(total, milliseconds.map { .milliseconds(1) * $0 })
        }
        #expect(sizes(16, 1, 1, 1, 1) == [4, 4, 4, 4])
        #expect(sizes(15, 1, 1, 2) == [6, 6, 3])
        #expect(sizes(16, 1, 1, 1, 25) == [6, 5, 5, 0])
        #expect(sizes(3, 1, 1, 1, 1) == [1, 1, 1, 0])
    }

    @Test("do not change if all are equally fast, whatever the noise", arguments: 0..<20)
    func equal(seed: Int) {
        var random = Philox(seed: UInt64(seed), for: "paces")
        for _ in 0..<200 {
            let count = 2 + random.below(7)
            let sizes = (0..<count).map { 16 / count + ($0 < 16 % count ? 1 : 0) }
            let times = sizes.map { _ in 5 * (0.85 + 0.3 * Double(random.uniform())) }
            let shareSizes = Sizes()
            let change = shareSizes.change(samples(sizes, times))
            #expect(change == nil)
        }
    }

    @Test("change for a gain of a quarter of the step and a millisecond, not for less")
    func gain() {
        let shareSizes = Sizes()
        #expect(shareSizes.change(samples([4, 4], [0.1, 0.3])) == nil, "but 0.6 ms")
        #expect(shareSizes.change(samples([4, 4], [5, 6])) == nil)
        #expect(shareSizes.change(samples([8, 8], [5, 10])) == [11, 5])
    }

    @Test("stay if a change brought no gain, but a hopelessly late worker is left out")
    func promise() {
        let shareSizes = Sizes()
        #expect(shareSizes.change(samples([8, 8], [5, 10])) == [11, 5])
        // Both share a processor, so the one with less work takes longer per slot.
        #expect(shareSizes.change(samples([11, 5], [4, 24])) == nil)
        #expect(shareSizes.change(samples([11, 5], [4, 24])) == nil)
        #expect(shareSizes.change(samples([11, 5], [1, 40])) == [16, 0])
        shareSizes.forget()
        #expect(shareSizes.change(samples([8, 8], [5, 10])) == [11, 5])
    }

    @Test("are checked less often after each change, and soon again once a worker joins or leaves")
    func interval() {
        func stepsUntilDue(_ shareSizes: Sizes) -> Int {
            var steps = 1
            while !shareSizes.isDue() { steps += 1 }
            return steps
        }
        let shareSizes = Sizes()
        #expect(stepsUntilDue(shareSizes) == 17)
        let kept = [([8, 8], [5.0, 10]), ([11, 5], [5, 2]), ([5, 11], [7.5, 2])]
        for (expected, (sizes, times)) in zip([32, 64, 128], kept) {
            #expect(shareSizes.change(samples(sizes, times)) != nil)
            #expect(stepsUntilDue(shareSizes) == expected)
        }
        shareSizes.forget()
        #expect(stepsUntilDue(shareSizes) == 17)
        for _ in 0..<10 { _ = shareSizes.isDue() }
        shareSizes.forget()
        #expect(stepsUntilDue(shareSizes) == 6, "who comes and goes does not put it off")
    }

    @Test("come from the mean of 16 answers without the two longest")
    func pace() {
        var pace = Pace()
        for _ in 0..<14 { pace.note(.milliseconds(8), slots: 4) }
        for _ in 0..<2 {
            #expect(pace.timePerSlot == nil)
            pace.note(.seconds(8), slots: 4)
        }
        #expect(pace.timePerSlot == .milliseconds(2))
        pace.note(.seconds(8), slots: 4)
        #expect(pace.timePerSlot.map { $0 > .milliseconds(100) } == true)
    }
}
