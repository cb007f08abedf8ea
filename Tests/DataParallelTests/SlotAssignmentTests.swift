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
    private let newcomer = Stake(share: slots(), held: slots())

    @Test("in contiguous parts to workers that have none yet", arguments: 1...20)
    func first(count: Int) {
        let shares = assignSlots(16, to: Array(repeating: newcomer, count: count))
        #expect(shares.flatMap(\.slots) == Array(0..<16))
        #expect(shares.allSatisfy { $0.runs.count <= 1 })
        #expect(shares.allSatisfy { (16 / count...(16 + count - 1) / count).contains($0.count) })
    }

    @Test("so that a worker with too many keeps the first, and a new worker gets the rest")
    func joiner() {
        let shares = assignSlots(
            16,
            to: [
                Stake(share: slots(0..<8), held: slots(0..<8)),
                Stake(share: slots(8..<16), held: slots(8..<16)), newcomer,
            ])
        #expect(shares == [slots(0..<6), slots(8..<13), slots(6..<8, 13..<16)])
    }

    @Test("so that a member gets slots back that it gave away, because it still has their data")
    func comingBack() {
        let shares = assignSlots(
            12,
            to: [
                Stake(share: slots(0..<4), held: slots(0..<4)),
                Stake(share: slots(4..<8), held: slots(4..<8, 10..<12)),
            ])
        #expect(shares == [slots(0..<4, 8..<10), slots(4..<8, 10..<12)])
    }

    @Test("so that as few move as even shares allow", arguments: 0..<200)
    func fewestMoves(seed: Int) {
        var random = Philox(seed: UInt64(seed), for: "deal")
        let count = 1 << (2 + random.below(5))
        var members = [newcomer]
        for _ in 0..<30 {
            let shares = assignSlots(count, to: members)
            // Each slot is assigned once.
            #expect(shares.flatMap(\.slots).sorted() == Array(0..<count))
            let (least, more) = (count / members.count, count % members.count)
            #expect(shares.map(\.count).sorted().suffix(more).allSatisfy { $0 == least + 1 })
            #expect(shares.map(\.count).sorted().dropLast(more).allSatisfy { $0 == least })
            // A worker loses a slot only if it is above the even share.
            let sizes = members.map(\.share.count).sorted(by: >)
            let kept = zip(members, shares).reduce(0) { $0 + $1.0.share.intersection($1.1).count }
            let most = sizes.enumerated().reduce(0) {
                $0 + min($1.element, least + ($1.offset < more ? 1 : 0))
            }
            #expect(kept == most)
            members = shares.map { Stake(share: $0, held: $0) }
            if members.count > 1, random.below(2) == 0 {
                members.remove(at: random.below(members.count))
            } else {
                members.insert(newcomer, at: random.below(members.count + 1))
            }
        }
    }
}
