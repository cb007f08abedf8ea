import DataParallel
import Protocol
import Reduction
import Testing

@Suite("The shards that a worker holds")
struct HeldShardsTests {
    /// Eight shards: five of three examples and three of two.
    private let plan = BatchPlan(examples: 21, batchSize: 6, shards: 8)

    private func shards(room: Int = 1_000) -> HeldShards {
        var shards = HeldShards()
        shards.begin(room: room, exampleByteCount: 10)
        return shards
    }

    private func shard(_ slot: Int) -> Int { Reduction.shard(atSlot: slot, of: plan.shards) }

    /// Fetches all missing data, one example at a time; returns the shards in the order of their requests.
    private func fetchAll(_ shards: inout HeldShards, urgent: Range<Int>? = nil) -> [Int] {
        var order: [Int] = []
        while case .fetch(let fetch) = shards.next(urgent: urgent, of: plan) {
            if order.last != fetch.shard { order.append(fetch.shard) }
            let part = ShardPart(shard: fetch.shard, first: fetch.first, count: 1)
            #expect(shards.store(part, of: plan) == true)
        }
        return order
    }

    @Test("are fetched in the order of their slots, those to compute now first")
    func order() {
        var shards = shards()
        #expect(shards.assign([0..<2], of: plan) == true)
        #expect(fetchAll(&shards, urgent: 6..<7) == [shard(6), shard(0), shard(1)])
        #expect(shards.hold(0..<2, of: plan) && shards.hold(6..<7, of: plan))
        #expect(!shards.hold(2..<3, of: plan))
    }

    @Test("accept the part that was requested, and no other")
    func parts() {
        var shards = shards()
        #expect(shards.assign([0..<8], of: plan) == true)
        #expect(shards.store(ShardPart(shard: 0, first: 0, count: 1), of: plan) == false)
        #expect(shards.next(urgent: nil, of: plan) == .fetch(Fetch(shard: 0, first: 0)))
        #expect(shards.isFetching)
        #expect(shards.next(urgent: nil, of: plan) == nil, "one part at a time")
        for (shard, first, count) in [(1, 0, 1), (0, 1, 1), (0, 0, 0), (0, 0, 4), (0, 0, -1)] {
            let part = ShardPart(shard: shard, first: first, count: count)
            #expect(shards.store(part, of: plan) == false, "\(part)")
        }
        #expect(shards.store(ShardPart(shard: 0, first: 0, count: 3), of: plan) == true)
        #expect(!shards.isFetching)
    }

    @Test("are ready assignment by assignment, in order")
    func ready() {
        var shards = shards()
        #expect(shards.assign([0..<1], of: plan) == true)
        #expect(shards.assign([1..<2, 4..<5], of: plan) == true)
        #expect(shards.takeReady(of: plan) == [])
        _ = fetchAll(&shards)
        #expect(shards.takeReady(of: plan) == [SlotRanges([0..<1]), SlotRanges([1..<2, 4..<5])])
        #expect(shards.takeReady(of: plan) == [])
    }

    @Test("fit into memory, or the worker leaves")
    func room() {
        var shards = shards(room: 59)
        #expect(shards.assign([0..<8], of: plan) == true)
        guard case .fetch(let fetch) = shards.next(urgent: nil, of: plan) else {
            Issue.record("the first shard fits")
            return
        }
        #expect(shards.store(ShardPart(shard: fetch.shard, first: 0, count: 3), of: plan) == true)
        #expect(shards.next(urgent: nil, of: plan) == .noRoom(need: 30, free: 29))
    }

    @Test("have no more open assignments than there are shards")
    func assignments() {
        var shards = shards()
        for _ in 0..<8 { #expect(shards.assign([0..<8], of: plan) == true) }
        #expect(shards.assign([0..<8], of: plan) == false)
        shards.forget()
        #expect(shards.takeReady(of: plan) == [])
        #expect(shards.next(urgent: nil, of: plan) == nil)
    }
}
