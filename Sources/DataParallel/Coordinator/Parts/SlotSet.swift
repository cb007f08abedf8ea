/// A set of slots, one bit per slot.
///
/// It keeps only the words of 64 slots from the first with a slot to the last, so that what it costs depends on
/// its own slots and not on all of the run.
package struct SlotSet: Sendable, Hashable {
    /// The index of the first word with a slot; 0 without any.
    private var first = 0
    /// That word: most sets need no other, and so no allocation.
    private var low: UInt64 = 0
    /// The words after it, up to the last with a slot.
    private var high: [UInt64] = []

    /// No slots.
    package init() {}

    /// The slots of a range.
    package init(_ range: Range<Int>) { insert(range) }

    package var isEmpty: Bool { low == 0 && high.isEmpty }

    package var count: Int { words.reduce(0) { $0 + self[$1].nonzeroBitCount } }

    /// How many slots of a range are in the set.
    package func count(in range: Range<Int>) -> Int {
        shared(Self.words(of: range)).reduce(0) {
            $0 + (self[$1] & Self.mask(range, $1)).nonzeroBitCount
        }
    }

    package func contains(_ slot: Int) -> Bool { self[slot / 64] & (1 << UInt64(slot % 64)) != 0 }

    /// Whether all slots of a range are in the set.
    package func contains(_ range: Range<Int>) -> Bool {
        Self.words(of: range).allSatisfy {
            self[$0] & Self.mask(range, $0) == Self.mask(range, $0)
        }
    }

    /// Whether any slot of a range is in the set.
    package func intersects(_ range: Range<Int>) -> Bool { intersects(range, except: SlotSet()) }

    /// Whether any slot of a range is in the set, apart from those of another set.
    package func intersects(_ range: Range<Int>, except other: SlotSet) -> Bool {
        shared(Self.words(of: range)).contains {
            self[$0] & ~other[$0] & Self.mask(range, $0) != 0
        }
    }

    package func intersects(_ other: SlotSet) -> Bool {
        shared(other.words).contains { self[$0] & other[$0] != 0 }
    }

    package func isSuperset(of other: SlotSet) -> Bool {
        other.words.allSatisfy { other[$0] & ~self[$0] == 0 }
    }

    package mutating func insert(_ range: Range<Int>) {
        let words = Self.words(of: range)
        makeRoom(for: words)
        for word in words { self[word] |= Self.mask(range, word) }
    }

    package mutating func remove(_ range: Range<Int>) {
        for word in shared(Self.words(of: range)) { self[word] &= ~Self.mask(range, word) }
        trim()
    }

    package mutating func formUnion(_ other: SlotSet) {
        guard !other.isEmpty else { return }
        makeRoom(for: other.words)
        for word in other.words { self[word] |= other[word] }
    }

    /// Adds the slots of another set that are in a range.
    package mutating func formUnion(_ other: SlotSet, in range: Range<Int>) {
        let words = other.shared(Self.words(of: range))
        makeRoom(for: words)
        for word in words { self[word] |= other[word] & Self.mask(range, word) }
        trim()
    }

    package mutating func formIntersection(_ other: SlotSet) {
        for word in words { self[word] &= other[word] }
        trim()
    }

    package mutating func subtract(_ other: SlotSet) {
        for word in shared(other.words) { self[word] &= ~other[word] }
        trim()
    }

    package func intersection(_ other: SlotSet) -> SlotSet {
        var result = self
        result.formIntersection(other)
        return result
    }

    package func union(_ other: SlotSet) -> SlotSet {
        var result = self
        result.formUnion(other)
        return result
    }

    package func subtracting(_ other: SlotSet) -> SlotSet {
        var result = self
        result.subtract(other)
        return result
    }

    /// The slots in ascending order.
    package var slots: [Int] { runs.flatMap { Array($0) } }

    /// The first `count` slots, or all if there are fewer.
    package func prefix(_ count: Int) -> SlotSet {
        var (result, missing) = (self, count)
        for run in runs {
            result.remove(run.dropFirst(missing))
            missing = max(0, missing - run.count)
        }
        return result
    }

    /// The slots as the fewest contiguous ranges, in ascending order.
    package var runs: [Range<Int>] {
        var runs: [Range<Int>] = []
        var end = 0
        while let first = firstSlot(from: end) {
            end = firstGap(from: first)
            runs.append(first..<end)
        }
        return runs
    }

    /// The first slot from `slot` on that is in the set.
    private func firstSlot(from slot: Int) -> Int? {
        for word in shared(slot / 64..<Int.max) {
            let bits = word == slot / 64 ? self[word] & Self.mask(from: slot) : self[word]
            if bits != 0 { return 64 * word + bits.trailingZeroBitCount }
        }
        return nil
    }

    /// The first slot from `slot` on that is not in the set.
    private func firstGap(from slot: Int) -> Int {
        var word = slot / 64
        var bits = ~self[word] & Self.mask(from: slot)
        while bits == 0 {
            word += 1
            bits = ~self[word]
        }
        return 64 * word + bits.trailingZeroBitCount
    }

    // MARK: - Words

    /// The words that are kept.
    private var words: Range<Int> { first..<first + 1 + high.count }

    /// Those of some words that are kept.
    private func shared(_ other: Range<Int>) -> Range<Int> { other.clamped(to: words) }

    /// A word; one can be changed only if it is kept.
    private subscript(word: Int) -> UInt64 {
        get { word == first ? low : words.contains(word) ? high[word - first - 1] : 0 }
        set { if word == first { low = newValue } else { high[word - first - 1] = newValue } }
    }

    /// Keeps words, which get slots next.
    private mutating func makeRoom(for words: Range<Int>) {
        guard !words.isEmpty else { return }
        if isEmpty { first = words.lowerBound }
        if words.lowerBound < first {
            let gap = Array(repeating: UInt64(0), count: first - words.lowerBound - 1)
            high.insert(contentsOf: gap + [low], at: 0)
            (first, low) = (words.lowerBound, 0)
        }
        let missing = words.upperBound - self.words.upperBound
        if missing > 0 { high.append(contentsOf: repeatElement(0, count: missing)) }
    }

    /// Drops words without slots at both ends, so that equal sets have equal words.
    private mutating func trim() {
        while high.last == 0 { high.removeLast() }
        guard low == 0 else { return }
        guard let next = high.firstIndex(where: { $0 != 0 }) else { return first = 0 }
        (first, low) = (first + 1 + next, high[next])
        high.removeFirst(next + 1)
    }

    /// The words that a range has bits in.
    private static func words(of range: Range<Int>) -> Range<Int> {
        range.isEmpty ? 0..<0 : range.lowerBound / 64..<(range.upperBound + 63) / 64
    }

    /// The bits that a range has in one of its words.
    private static func mask(_ range: Range<Int>, _ word: Int) -> UInt64 {
        let first = max(range.lowerBound - 64 * word, 0)
        let end = min(range.upperBound - 64 * word, 64)
        return (UInt64.max << UInt64(first)) & (UInt64.max >> UInt64(64 - end))
    }

    /// The bits of a slot and those after it in its word.
    private static func mask(from slot: Int) -> UInt64 { UInt64.max << UInt64(slot % 64) }
}
