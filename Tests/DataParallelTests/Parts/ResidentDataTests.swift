import DataParallel
import Protocol
import Reduction
import Testing

@Suite("The data of a member") struct ResidentDataTests {
    private let plan = BatchPlan(examples: 24, batchSize: 8, shards: 8)

    private func slots(_ range: Range<Int>) -> SlotSet { SlotSet(range) }

    @Test("is complete when the member has reported all the data it was told to fetch")
    func progress() {
        var data = ResidentData()
        #expect(data.request(slots(0..<4)) == slots(0..<4))
        #expect(data.isFetching)
        #expect(data.note([0..<2]) == (.some, true))
        #expect(data.note([0..<2]) == (.none, false))
        #expect(data.note([4..<5]) == (.none, false))
        #expect(data.note([2..<4]) == (.all, true))
        #expect(!data.isFetching && data.resident == slots(0..<4))
    }

    @Test("is requested once; further requests wait until it is complete")
    func stale() {
        var data = ResidentData()
        _ = data.request(slots(0..<4))
        #expect(data.request(slots(0..<6)) == nil)
        #expect(data.note([0..<4]) == (.all, true))
        #expect(data.takeStale() == true)
        #expect(data.takeStale() == false)
        #expect(data.request(slots(0..<6)) == slots(4..<6))
        _ = data.note([4..<6])
        data.becomeReady()
        #expect(data.isReady)
        #expect(data.request(slots(0..<6)) == nil)
    }

    @Test("includes each example once, in order, and only those that the member may fetch")
    func parts() throws {
        var data = ResidentData()
        _ = data.request(slots(0..<1))
        let shard = shard(atSlot: 0, of: 8)
        #expect(refused(&data, shard, first: 1) == true)
        let part = try data.part(Fetch(shard: shard, first: 0), of: plan, most: 2).get()
        #expect(part == ShardPart(shard: shard, first: 0, count: 2))
        #expect(refused(&data, shard, first: 0) == true)
        let rest = try data.part(Fetch(shard: shard, first: 2), of: plan, most: 2).get()
        #expect(rest.count == 1)
        #expect(refused(&data, shard, first: 3) == true)
        let other = Reduction.shard(atSlot: 1, of: 8)
        #expect(refused(&data, other, first: 0) == true)
        data.entitle(slots(1..<2))
        #expect(refused(&data, other, first: 0) == false)
        #expect(refused(&data, 8, first: 0) == true)
    }

    private func refused(_ data: inout ResidentData, _ shard: Int, first: Int) -> Bool {
        if case .failure = data.part(Fetch(shard: shard, first: first), of: plan, most: 2) {
            true
        } else {
            false
        }
    }
}
