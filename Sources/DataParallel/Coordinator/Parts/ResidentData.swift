import Protocol
import Reduction

/// A member's examples: those that it was told to fetch, and those that it holds.
package struct ResidentData: Sendable {
    /// The slots whose data it was told to fetch.
    private var requested = SlotSet()
    /// The slots whose data it holds.
    package private(set) var resident = SlotSet()
    /// The slots whose data it may fetch: those that it was told to fetch or asked to compute.
    private var entitled = SlotSet()
    /// The next example to send of each shard that it has begun to fetch.
    private var nextExample: [Int: Int] = [:]
    /// Whether it has held all requested data and takes part.
    package private(set) var isReady = false
    /// Whether it has not yet reported all requested data.
    package private(set) var isFetching = false
    /// Whether another request follows after that report.
    private var isStale = false

    /// How far a member's report of its data advances it.
    package enum Progress: Equatable, Sendable {
        /// Not at all: the data was not requested, or was reported before.
        case none
        /// It holds more than before, but not all.
        case some
        /// It holds all requested data.
        case all
    }

    /// Starts without data.
    package init() {}

    /// The slots whose data it holds or fetches.
    package var expected: SlotSet { resident.union(requested) }

    /// Requests that it fetches the data of slots.
    ///
    /// - Returns: the slots that it lacks; nil if nothing is requested now.
    package mutating func request(_ slots: SlotSet) -> SlotSet? {
        let missing = slots.subtracting(requested)
        let isFirst = requested.isEmpty && !isReady
        guard isFirst || !missing.isEmpty else { return nil }
        // It gets the next request after it reports this one.
        guard !isFetching else {
            isStale = true
            return nil
        }
        requested.formUnion(slots)
        entitled.formUnion(missing)
        (isReady, isFetching) = (false, true)
        return missing
    }

    /// Records a report that it holds the data of ranges of slots.
    ///
    /// - Returns: the progress, and whether it holds more than before.
    package mutating func note(_ ranges: [Range<Int>]) -> (Progress, hasMore: Bool) {
        guard ranges.allSatisfy({ requested.contains($0) }) else { return (.none, false) }
        let before = resident
        for range in ranges { resident.insert(range) }
        let hasMore = resident != before
        guard isFetching, resident.isSuperset(of: requested) else {
            return (hasMore ? .some : .none, hasMore)
        }
        isFetching = false
        return (.all, hasMore)
    }

    /// Whether another request follows, now that the last is fulfilled; resets the flag.
    package mutating func takeStale() -> Bool {
        defer { isStale = false }
        return isStale
    }

    /// Lets it take part from now on.
    package mutating func becomeReady() { isReady = true }

    /// Allows it to fetch slots that it was asked to compute.
    package mutating func entitle(_ slots: SlotSet) { entitled.formUnion(slots) }

    /// Records that it computed the owed slots of a range, and so holds their data.
    package mutating func note(computed slots: Range<Int>, of owed: SlotSet) {
        resident.formUnion(owed, in: slots)
    }

    /// Returns the requested examples, each once: the next ones of a shard that it may fetch.
    ///
    /// So a member can neither fetch without end nor pretend to be getting ready.
    ///
    /// - Returns: the part, or the reason for a refusal.
    package mutating func part(
        _ fetch: Fetch, of plan: BatchPlan, most: Int
    ) -> Result<ShardPart, Refusal> {
        let shard = fetch.shard
        guard (0..<plan.shards).contains(shard),
            (0..<plan.examples(inShard: shard)).contains(fetch.first)
        else { return .failure(Refusal("a request for examples that do not exist")) }
        let slot = TreeNode(level: plan.shards.trailingZeroBitCount, residue: shard)
            .slots(of: plan.shards).lowerBound
        guard entitled.contains(slot) else {
            return .failure(
                Refusal("a request for examples of shard \(shard), which it was not assigned"))
        }
        guard fetch.first == nextExample[shard, default: 0] else {
            return .failure(
                Refusal("a request for examples that it has been sent, or that are not next"))
        }
        let count = min(most, plan.examples(inShard: shard) - fetch.first)
        nextExample[shard] = fetch.first + count
        return .success(ShardPart(shard: shard, first: fetch.first, count: count))
    }
}

/// Why a message is dropped.
package struct Refusal: Error, Equatable {
    package let reason: String

    init(_ reason: String) { self.reason = reason }
}
