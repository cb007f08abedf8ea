import Protocol
import Reduction

/// The examples of a member: what it was told to fetch, and what it has.
package struct ResidentData: Sendable {
    /// The slots whose data it was told to fetch.
    private var requested: SlotSet
    /// The slots whose data it has.
    package private(set) var resident: SlotSet
    /// The slots whose data it may fetch: what it was told to, or was asked to compute.
    private var entitled: SlotSet
    /// The next example of each shard that it has fetched a part of.
    private var nextExample: [Int: Int] = [:]
    /// Whether it had all data that it was told to fetch, and so takes part.
    package private(set) var isReady = false
    /// Whether it has still to say that it has what it was told to fetch.
    package private(set) var isFetching = false
    /// Whether more is to come then.
    private var isStale = false

    /// What a member brings forward by saying that it has data.
    package enum Progress: Equatable, Sendable {
        /// Nothing: it was not told to fetch it, or has said so before.
        case none
        /// It has more than before, and not all yet.
        case some
        /// It has all that it was told to fetch.
        case all
    }

    /// No data yet.
    package init(limit: Int) {
        let none = SlotSet(limit: limit)
        (requested, resident, entitled) = (none, none, none)
    }

    /// Tells it to fetch the data of slots.
    ///
    /// - Returns: what it lacks of them; nil where it is told nothing now.
    package mutating func request(_ slots: SlotSet) -> SlotSet? {
        let missing = slots.subtracting(requested)
        let isFirst = requested.isEmpty && !isReady
        guard isFirst || !missing.isEmpty else { return nil }
        // What it lacks beside that it is told once it has all this.
        guard !isFetching else {
            isStale = true
            return nil
        }
        requested.formUnion(slots)
        entitled.formUnion(missing)
        (isReady, isFetching) = (false, true)
        return missing
    }

    /// It says that it has the data of ranges of slots.
    ///
    /// - Returns: what that brings forward, and whether it has more than before.
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

    /// Whether it is to be told more, now that it has all of before; once.
    package mutating func takeStale() -> Bool {
        defer { isStale = false }
        return isStale
    }

    /// It takes part from now on.
    package mutating func becomeReady() { isReady = true }

    /// It is asked to compute slots, and may fetch what it lacks for that.
    package mutating func entitle(_ slots: SlotSet) { entitled.formUnion(slots) }

    /// It has computed slots, and so has their data.
    package mutating func note(computed slots: SlotSet) { resident.formUnion(slots) }

    /// Gives it the examples that it asks for, each once: those that come next of a shard that it may fetch.
    ///
    /// So a member can neither fetch without end nor pass for one that is getting ready.
    /// - Returns: the part, or why it gets none.
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
