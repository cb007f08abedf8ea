import DataParallel
import Testing

@Suite("The advice on shards") struct ShardAdviceTests {
    /// The advice: a class, because `#expect` cannot call mutating functions.
    private final class Advice {
        private var advice = ShardAdvice()
        func recommend(lanes: Int, shards: Int) -> Int? {
            advice.recommend(lanes: lanes, shards: shards)
        }
    }

    @Test("is not given while each lane has a shard")
    func enough() {
        #expect(Advice().recommend(lanes: 16, shards: 16) == nil)
        #expect(Advice().recommend(lanes: 17, shards: 16) != nil)
    }

    @Test("is repeated only if more lanes need more shards")
    func once() {
        let advice = Advice()
        #expect(advice.recommend(lanes: 32, shards: 16) == 32)
        #expect(advice.recommend(lanes: 32, shards: 16) == nil)
        #expect(advice.recommend(lanes: 31, shards: 16) == 256)
        #expect(advice.recommend(lanes: 64, shards: 16) == nil)
        #expect(advice.recommend(lanes: 512, shards: 16) == 512)
    }

    @Test(
        "is a number that lanes divide with a tenth of their time lost at most", arguments: 1...400)
    func even(lanes: Int) {
        let shards = ShardAdvice.shards(for: lanes)
        let most = (shards + lanes - 1) / lanes
        #expect(shards & (shards - 1) == 0)
        #expect(10 * shards >= 9 * most * lanes)
    }

    @Test("is no more than a run can have")
    func most() {
        #expect(ShardAdvice.shards(for: 3000) == 4096)
        #expect(Advice().recommend(lanes: 5000, shards: 4096) == nil)
    }
}
