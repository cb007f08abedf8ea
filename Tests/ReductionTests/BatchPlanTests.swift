import Reduction
import Testing

@Suite("A batch plan")
struct BatchPlanTests {
    private static let plans = [1, 2, 3, 7, 16, 29, 64, 101].flatMap { examples in
        [1, 2, 3, 10, 16, 33, 64, 101].filter { $0 <= examples }.flatMap { batchSize in
            [1, 2, 4, 16, 32].map { shards in
                BatchPlan(examples: examples, batchSize: batchSize, shards: shards)
            }
        }
    }

    @Test("takes every position once an epoch, in order")
    func positions() {
        for plan in Self.plans {
            let positions = (0..<plan.stepsPerEpoch).flatMap { plan.positions(ofStep: $0) }
            #expect(positions == Array(0..<plan.examples), "\(plan)")
            let sizes = (0..<plan.stepsPerEpoch).map { plan.positions(ofStep: $0).count }
            #expect(sizes.dropLast().allSatisfy { $0 == plan.batchSize }, "\(plan)")
        }
    }

    @Test("gives position p the index p div S in shard p mod S")
    func indices() {
        for plan in Self.plans {
            for step in 0..<plan.stepsPerEpoch {
                let positions = plan.positions(ofStep: step)
                for shard in 0..<plan.shards {
                    let expected = positions.filter { $0 % plan.shards == shard }
                        .map { $0 / plan.shards }
                    let indices = plan.indices(ofShard: shard, step: step)
                    #expect(Array(indices) == expected, "\(plan), step \(step), shard \(shard)")
                }
            }
        }
    }

    @Test("reads each shard from its first to its last example in every epoch")
    func shards() {
        for plan in Self.plans {
            for epoch in 0..<2 {
                let steps = epoch * plan.stepsPerEpoch..<(epoch + 1) * plan.stepsPerEpoch
                for shard in 0..<plan.shards {
                    let indices = steps.flatMap { plan.indices(ofShard: shard, step: $0) }
                    let count = plan.examples(inShard: shard)
                    #expect(indices == Array(0..<count), "\(plan), shard \(shard)")
                }
                #expect(steps.allSatisfy { plan.epoch(ofStep: $0) == epoch }, "\(plan)")
            }
        }
    }

    @Test("puts all examples into shards whose sizes differ by at most one")
    func shardSizes() {
        for plan in Self.plans {
            let sizes = (0..<plan.shards).map { plan.examples(inShard: $0) }
            #expect(sizes.reduce(0, +) == plan.examples, "\(plan)")
            #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1, "\(plan)")
        }
    }

    @Test("counts the positions under a node by the shards that it covers")
    func nodes() {
        for plan in Self.plans {
            for step in 0..<plan.stepsPerEpoch {
                for node in allNodes(shards: plan.shards) {
                    let covered = plan.positions(ofStep: step)
                        .count { $0 % (1 << node.level) == node.residue }
                    let examples = plan.examples(under: node, step: step)
                    #expect(examples == covered, "\(plan), step \(step), node \(node)")
                }
            }
        }
    }

    @Test("has 469 steps for MNIST at a batch of 128, the last with 96 examples")
    func mnist() {
        let plan = BatchPlan(examples: 60_000, batchSize: 128, shards: 16)
        #expect(plan.stepsPerEpoch == 469)
        #expect(plan.positions(ofStep: 468).count == 96)
        #expect(plan.positions(ofStep: 469) == 0..<128)
        #expect(plan.epoch(ofStep: 468) == 0 && plan.epoch(ofStep: 469) == 1)
        #expect((0..<16).allSatisfy { plan.examples(inShard: $0) == 3_750 })
    }
}

/// All nodes of the tree over these shards, the root first.
func allNodes(shards: Int) -> [TreeNode] {
    (0...shards.trailingZeroBitCount).flatMap { level in
        (0..<1 << level).map { TreeNode(level: level, residue: $0) }
    }
}
