/// A set of slots below a limit, one bit per slot.
package struct SlotSet: Sendable, Hashable {
    /// The first 64 slots: enough for most runs, without an allocation.
    private var low: UInt64 = 0
    private var high: [UInt64]

    /// No slots, with room for those below `limit`.
    package init(limit: Int) {
        high = limit > 64 ? Array(repeating: 0, count: (limit - 1) / 64) : []
    }

    /// The slots of a range.
    package init(_ range: Range<Int>, limit: Int) {
        self.init(limit: limit)
        insert(range)
    }

    private var words: Range<Int> { 0..<1 + high.count }

    private subscript(word: Int) -> UInt64 {
        get { word == 0 ? low : high[word - 1] }
        set { if word == 0 { low = newValue } else { high[word - 1] = newValue } }
    }

    package var isEmpty: Bool { low == 0 && high.allSatisfy { $0 == 0 } }

    package var count: Int { words.reduce(0) { $0 + self[$1].nonzeroBitCount } }

    package func contains(_ slot: Int) -> Bool { self[slot / 64] & (1 << UInt64(slot % 64)) != 0 }

    /// Whether all slots of a range are in the set.
    package func contains(_ range: Range<Int>) -> Bool {
        Self.words(of: range).allSatisfy {
            self[$0] & Self.mask(range, $0) == Self.mask(range, $0)
        }
    }

    /// Whether any slot of a range is in the set.
    package func intersects(_ range: Range<Int>) -> Bool {
        Self.words(of: range).contains { self[$0] & Self.mask(range, $0) != 0 }
    }

    package func intersects(_ other: SlotSet) -> Bool {
        words.contains { self[$0] & other[$0] != 0 }
    }

    package func isSuperset(of other: SlotSet) -> Bool {
        words.allSatisfy { other[$0] & ~self[$0] == 0 }
    }

    package mutating func insert(_ range: Range<Int>) {
        for word in Self.words(of: range) { self[word] |= Self.mask(range, word) }
    }

    package mutating func remove(_ range: Range<Int>) {
        for word in Self.words(of: range) { self[word] &= ~Self.mask(range, word) }
    }

    package mutating func formUnion(_ other: SlotSet) {
        for word in words { self[word] |= other[word] }
    }

    package mutating func formIntersection(_ other: SlotSet) {
        for word in words { self[word] &= other[word] }
    }

    package mutating func subtract(_ other: SlotSet) {
        for word in words { self[word] &= ~other[word] }
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
        while let first = next(in: true, from: end) {
            end = next(in: false, from: first) ?? 64 * words.count
            runs.append(first..<end)
        }
        return runs
    }

    /// The first slot from `slot` on that is in the set, or that is not in it.
    private func next(in isMember: Bool, from slot: Int) -> Int? {
        for word in words.dropFirst(slot / 64) {
            var bits = isMember ? self[word] : ~self[word]
            if word == slot / 64 { bits &= UInt64.max << UInt64(slot % 64) }
            if bits != 0 { return 64 * word + bits.trailingZeroBitCount }
        }
        return nil
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
}
