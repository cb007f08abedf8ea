import Protocol
import Reduction

/// The examples that a worker holds or fetches.
package struct HeldShards: Sendable {
    /// What to do about missing examples.
    package enum Next: Equatable, Sendable {
        /// Request them from the coordinator.
        case fetch(Fetch)
        /// Leave the run, because a shard does not fit into memory. Both are in bytes.
        case noRoom(need: Int, free: Int)
    }

    /// The next example to fetch of each shard that is held in part or whole.
    private var fetched: [Int: Int] = [:]
    /// The shard whose next part was requested.
    private var fetching: Int?
    /// The slots of each assignment whose data is incomplete.
    private var assignments: [[Range<Int>]] = []
    /// The bytes left for examples.
    private var room = 0
    private var exampleByteCount = 0

    /// Starts without examples.
    package init() {}

    /// Begins a run with `room` bytes for examples of `exampleByteCount` bytes each.
    package mutating func begin(room: Int, exampleByteCount: Int) {
        (self.room, self.exampleByteCount) = (room, exampleByteCount)
    }

    /// Forgets the run.
    package mutating func forget() { self = Self() }

    /// Whether a part was requested and has not arrived.
    package var isFetching: Bool { fetching != nil }

    /// Records assigned slots, whose data the worker must hold.
    ///
    /// - Returns: false, without a change, if more assignments are open than there are shards.
    package mutating func assign(_ slots: [Range<Int>], of plan: BatchPlan) -> Bool {
        guard assignments.count < plan.shards else { return false }
        assignments.append(slots)
        return true
    }

    /// Stores the requested part; returns false if it is another one.
    package mutating func store(_ part: ShardPart, of plan: BatchPlan) -> Bool {
        guard fetching == part.shard, part.first == fetched[part.shard, default: 0],
            part.count > 0, part.count <= plan.examples(inShard: part.shard) - part.first
        else { return false }
        fetching = nil
        fetched[part.shard] = part.first + part.count
        return true
    }

    /// Whether all examples of these slots are held.
    package func hold(_ slots: Range<Int>, of plan: BatchPlan) -> Bool {
        firstMissing([slots], of: plan) == nil
    }

    /// What to do about missing examples, those of `urgent` slots first; nil for nothing now.
    package mutating func next(urgent: Range<Int>?, of plan: BatchPlan) -> Next? {
        guard fetching == nil,
            let shard = firstMissing(urgent.map { [$0] } ?? [], of: plan)
                ?? firstMissing(assignments.flatMap(\.self), of: plan)
        else { return nil }
        if fetched[shard] == nil {
            let need = plan.examples(inShard: shard) * exampleByteCount
            guard room >= need else { return .noRoom(need: need, free: room) }
            room -= need
            fetched[shard] = 0
        }
        fetching = shard
        return .fetch(Fetch(shard: shard, first: fetched[shard, default: 0]))
    }

    /// The assignments whose data became complete, in order.
    package mutating func takeReady(of plan: BatchPlan) -> [SlotRanges] {
        var ready: [SlotRanges] = []
        while let slots = assignments.first, firstMissing(slots, of: plan) == nil {
            assignments.removeFirst()
            ready.append(SlotRanges(slots))
        }
        return ready
    }

    /// The first shard at slots of `ranges` whose data is incomplete.
    private func firstMissing(_ ranges: [Range<Int>], of plan: BatchPlan) -> Int? {
        ranges.lazy.joined().map { shard(atSlot: $0, of: plan.shards) }
            .first { fetched[$0, default: 0] < plan.examples(inShard: $0) }
    }
}
