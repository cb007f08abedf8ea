import Datasets
import Reduction
import Testing

@Suite("An epoch")
struct EpochTests {
    private static let examples = 1_003

    @Test(
        "uses each example of the data set once",
        arguments: [1, 10, 128, 1_003], [1, 2, 16, 64])
    func eachExampleOnce(batchSize: Int, shards: Int) {
        for epoch in 0..<2 {
            let order = order(batchSize: batchSize, shards: shards, epoch: epoch, seed: 0)
            #expect(order.sorted() == Array(0..<Self.examples), "epoch \(epoch)")
        }
    }

    @Test("has an order that depends only on its number and the seed")
    func orders() {
        let order = order(batchSize: 100, shards: 16, epoch: 0, seed: 0)
        #expect(order == self.order(batchSize: 100, shards: 16, epoch: 0, seed: 0))
        for (epoch, seed) in [(1, UInt64(0)), (0, 1)] {
            let other = self.order(batchSize: 100, shards: 16, epoch: epoch, seed: seed)
            // In each of the 16 shards' random orders, one example is expected to keep its position.
            #expect(zip(order, other).count { $0 == $1 } < 16 + 6 * 4, "\(epoch), \(seed)")
        }
        #expect(order != order.sorted())
    }

    @Test("takes its examples in the same order for any batch size")
    func batchSizes() {
        let single = order(batchSize: 1, shards: 16, epoch: 1, seed: 3)
        let sixteen = order(batchSize: 16, shards: 16, epoch: 1, seed: 3)
        #expect(single == sixteen)
    }

    /// The examples of one epoch, by step and within each step by shard.
    private func order(batchSize: Int, shards: Int, epoch: Int, seed: UInt64) -> [Int] {
        let images = numberedImages
        let plan = BatchPlan(examples: images.count, batchSize: batchSize, shards: shards)
        let layout = ShardLayout(examples: images.count, shards: shards, seed: seed)
        let dealt = (0..<shards).map { shard in
            layout.examples(0..<plan.examples(inShard: shard), ofShard: shard, from: images)
        }
        let orders = (0..<shards).map { shard in
            ShardLayout.order(
                ofShard: shard, count: plan.examples(inShard: shard), epoch: epoch, seed: seed)
        }
        let steps = epoch * plan.stepsPerEpoch..<(epoch + 1) * plan.stepsPerEpoch
        return steps.flatMap { step in
            (0..<shards).flatMap { shard in
                orders[shard][plan.indices(ofShard: shard, step: step)].map { index in
                    number(ofImage: Int(index), in: dealt[shard])
                }
            }
        }
    }

    /// Images with two pixels that encode the image's number; the label is the number's low half.
    private var numberedImages: ExampleSet {
        ExampleSet(
            ExampleShape(rows: 1, columns: 2),
            values: (0..<Self.examples).flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] },
            labels: (0..<Self.examples).map { UInt8($0 & 255) })
    }

    private func number(ofImage index: Int, in shard: Shard) -> Int {
        let low = shard.values[2 * index + 1]
        #expect(shard.labels[index] == low, "a label went astray")
        return Int(shard.values[2 * index]) << 8 | Int(low)
    }
}
