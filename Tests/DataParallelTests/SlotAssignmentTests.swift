import DataParallel
import Randomness
import Testing

/// The bits of one machine word: assignments up to this many slots have sets of equal size.
private let word = 64

private func slots(_ ranges: Range<Int>...) -> SlotSet {
    var set = SlotSet()
    for range in ranges { set.insert(range) }
    return set
}

@Suite("A set of slots") struct SlotSetTests {
    private let limit = 150

    @Test("equals a set of numbers", arguments: 0..<50)
    func reference(seed: Int) {
        var random = Philox(seed: UInt64(seed), for: "slots")
        func range() -> Range<Int> {
            let first = random.below(limit + 1)
            return first..<first + random.below(limit + 1 - first)
        }
        var (set, numbers) = (SlotSet(), Set<Int>())
        for _ in 0..<20 {
            let (added, removed) = (range(), range())
            set.insert(added)
            numbers.formUnion(added)
            set.subtract(SlotSet(removed))
            numbers.subtract(removed)
            let probe = range()
            #expect(set.slots == numbers.sorted())
            #expect(set == numbers.reduce(into: SlotSet()) { $0.insert($1..<$1 + 1) })
            #expect(set.count(in: probe) == numbers.intersection(probe).count)
            #expect(set.count == numbers.count)
            #expect(set.isEmpty == numbers.isEmpty)
            #expect(set.contains(probe) == numbers.isSuperset(of: probe))
            #expect(set.intersects(probe) == !numbers.isDisjoint(with: probe))
            #expect(set.prefix(7).slots == Array(numbers.sorted().prefix(7)))
            #expect(set.runs.flatMap { Array($0) } == numbers.sorted())
            #expect(
                zip(set.runs, set.runs.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
        }
    }
}

@Suite("Slots are assigned") struct SlotAssignmentTests {
    private static let counts = [64, 128, 256, 512, 1024]

    private func newcomer(_ slots: Int) -> Stake {
        Stake(share: SlotSet(), held: SlotSet())
    }

    /// The sums that a worker sends a step: the nodes of its share.
    private func sumCount(_ share: SlotSet, of slots: Int) -> Int {
        share.runs.reduce(0) { $0 + Limits.mostSums(of: $1, shards: slots) }
    }

    /// The sizes within an eighth of the mean, or next to it where no whole number is.
    private func sizes(_ slots: Int, _ workers: Int) -> ClosedRange<Int> {
        let mean = Double(slots) / Double(workers)
        let eighth = (
            least: (mean * 7 / 8 - 1e-9).rounded(.up), most: (mean * 9 / 8 + 1e-9).rounded(.down)
        )
        return Int(
            min(eighth.least, mean.rounded(.down)))...Int(max(eighth.most, mean.rounded(.up)))
    }

    /// The fewest sums of a step with shares of the permitted sizes, by trying all of them: a share of n slots has
    /// at least as many nodes as n has bits.
    private func fewestSums(_ slots: Int, _ workers: Int) -> Int {
        let sizes = sizes(slots, workers)
        var fewest = [0: 0]
        for left in (0..<workers).reversed() {
            var next: [Int: Int] = [:]
            for (total, sums) in fewest {
                for size in sizes {
                    let rest = slots - total - size
                    guard (left * sizes.lowerBound...left * sizes.upperBound).contains(rest) else {
                        continue
                    }
                    next[total + size] = min(
                        next[total + size] ?? .max, sums + size.nonzeroBitCount)
                }
            }
            fewest = next
        }
        return fewest[slots] ?? .max
    }

    @Test(
        "with the fewest sums that shares within an eighth of the mean can have, for 2 to 64 workers",
        arguments: counts)
    func fewest(slots: Int) {
        var average = 0.0
        for workers in 2...64 {
            let shares = assignSlots(slots, to: Array(repeating: newcomer(slots), count: workers))
            #expect(shares.flatMap(\.slots).sorted() == Array(0..<slots))
            let permitted = sizes(slots, workers)
            #expect(shares.allSatisfy { permitted.contains($0.count) })
            let sums = shares.reduce(0) { $0 + sumCount($1, of: slots) }
            #expect(sums == fewestSums(slots, workers), "\(workers) workers")
            #expect(sums <= 3 * workers)
            average += Double(sums) / Double(workers) / 63
        }
        // No assignment reaches 1.25 for each number of workers: three workers of 64 slots need two sums each,
        // because no power of two is within an eighth of 21.3.
        #expect(average < 1.91)
    }

    @Test("in one block each to a number of workers that is a power of two", arguments: 0...6)
    func powersOfTwo(exponent: Int) {
        let shares = assignSlots(64, to: Array(repeating: newcomer(64), count: 1 << exponent))
        #expect(shares.allSatisfy { sumCount($0, of: 64) == 1 })
    }

    @Test("so that a worker computes few ranges, one after another", arguments: counts)
    func ranges(slots: Int) {
        let ranges = (2...64).map { workers in
            let shares = assignSlots(slots, to: Array(repeating: newcomer(slots), count: workers))
            return Double(shares.reduce(0) { $0 + $1.runs.count }) / Double(workers)
        }
        #expect(ranges.reduce(0, +) / 63 < 1.5)
    }

    @Test("so that those above their targets keep what they can, and a new worker gets the rest")
    func joiner() {
        let halves = [slots(0..<32), slots(32..<64)].map { Stake(share: $0, held: $0) }
        let shares = assignSlots(word, to: halves + [newcomer(word)])
        #expect(shares.map(\.count).sorted() == [20, 20, 24])
        for (share, half) in zip(shares, halves) {
            #expect(share.intersection(half.share).count >= 16)
        }
    }

    @Test("so that a free block goes to a worker that holds its data")
    func holder() {
        let shares = assignSlots(
            word,
            to: [
                Stake(share: slots(0..<16), held: slots(0..<16)),
                Stake(share: slots(16..<32), held: slots(16..<32)),
                Stake(share: slots(), held: slots(48..<64)), newcomer(word),
            ])
        #expect(shares == [slots(0..<16), slots(16..<32), slots(48..<64), slots(32..<48)])
    }

    @Test(
        "within an eighth of the sizes that workers' speeds call for, with no more sums",
        arguments: 0..<50)
    func speeds(seed: Int) {
        var random = Philox(seed: UInt64(seed), for: "speeds")
        let slots = Self.counts[random.below(5)]
        let times = (0..<2 + random.below(20)).map { _ in
            Duration.milliseconds(1 + random.below(8))
        }
        let targets = ShareSizes.sizes(slots, times)
        let shares = assignSlots(
            slots, to: Array(repeating: newcomer(slots), count: times.count), targets: targets)
        #expect(shares.flatMap(\.slots).sorted() == Array(0..<slots))
        for (share, target) in zip(shares, targets) {
            #expect(8 * abs(share.count - target) <= target)
        }
        #expect(
            shares.reduce(0) { $0 + sumCount($1, of: slots) }
                <= targets.reduce(0) { $0 + $1.nonzeroBitCount })
    }

    @Test(
        "with as few sums after workers join and leave, and few slots change hands",
        arguments: counts)
    func churn(slots: Int) {
        var random = Philox(seed: UInt64(slots), for: "churn")
        var members = Array(repeating: newcomer(slots), count: 2 + random.below(63))
        members = assignSlots(slots, to: members).map { Stake(share: $0, held: $0) }
        var moved = 0.0
        for _ in 0..<60 {
            if members.count > 2, random.below(2) == 0 || members.count == 64 {
                members.remove(at: random.below(members.count))
            } else {
                members.insert(newcomer(slots), at: random.below(members.count + 1))
            }
            let shares = assignSlots(slots, to: members)
            #expect(shares.flatMap(\.slots).sorted() == Array(0..<slots))
            let permitted = sizes(slots, members.count)
            #expect(shares.allSatisfy { permitted.contains($0.count) })
            #expect(
                shares.reduce(0) { $0 + sumCount($1, of: slots) }
                    == fewestSums(slots, members.count))
            let kept = zip(members, shares).reduce(0) { $0 + $1.0.share.intersection($1.1).count }
            moved += Double(slots - kept) * Double(members.count) / Double(slots) / 60
            members = zip(members, shares).map { Stake(share: $1, held: $0.held.union($1)) }
        }
        // At least one share moves each time: that of the member that joined or left.
        #expect(moved < 2)
    }
}
