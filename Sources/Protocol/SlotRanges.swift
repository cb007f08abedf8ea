/// Contiguous ranges of slots in the bit-reversed order of the shards.
///
/// They are in ascending order, none is empty, and no two overlap; two may touch. So there are at most
/// ``maximumShards`` of them, and they fit every header. In JSON, first slots and counts alternate:
/// `[0, 8, 12, 4]`.
public struct SlotRanges: Hashable, Sendable {
    /// The ranges.
    public let ranges: [Range<Int>]

    /// Ranges in ascending order; empty ones are left out.
    ///
    /// - Precondition: no two overlap, and none reaches beyond ``maximumShards``.
    public init(_ ranges: [Range<Int>]) {
        self.ranges = ranges.filter { !$0.isEmpty }
        precondition(Self.areInOrder(self.ranges), "ranges of slots overlap or are out of order")
    }

    /// A single range, or none if it is empty.
    public init(_ range: Range<Int>) { self.init([range]) }

    /// The ranges of alternating first slots and counts, as received from a peer.
    init(firstsAndCounts numbers: [Int]) throws(ProtocolError) {
        let isPossible =
            numbers.count.isMultiple(of: 2)
            && numbers.count <= 2 * maximumShards
            && numbers.allSatisfy { (0...maximumShards).contains($0) }
        guard isPossible else { throw .malformed("impossible ranges of slots") }
        ranges = stride(from: 0, to: numbers.count, by: 2).map { index in
            numbers[index]..<numbers[index] + numbers[index + 1]
        }
        guard Self.areInOrder(ranges), ranges.allSatisfy({ !$0.isEmpty }) else {
            throw .malformed("ranges of slots that are empty, overlap or are out of order")
        }
    }

    private static func areInOrder(_ ranges: [Range<Int>]) -> Bool {
        (ranges.last?.upperBound ?? 0) <= maximumShards
            && (ranges.first?.lowerBound ?? 0) >= 0
            && zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound }
    }

    /// The number of slots in all ranges.
    public var slotCount: Int { ranges.reduce(0) { $0 + $1.count } }

    /// The ranges, or nil if one reaches beyond `limit` slots.
    public func slots(of limit: Int) -> [Range<Int>]? {
        (ranges.last?.upperBound ?? 0) <= limit ? ranges : nil
    }

    var firstsAndCounts: [Int] { ranges.flatMap { [$0.lowerBound, $0.count] } }
}

extension SlotRanges: Codable {
    /// Decodes alternating first slots and counts.
    public init(from decoder: any Decoder) throws {
        try self.init(firstsAndCounts: decoder.singleValueContainer().decode([Int].self))
    }

    /// Encodes alternating first slots and counts.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(firstsAndCounts)
    }
}
