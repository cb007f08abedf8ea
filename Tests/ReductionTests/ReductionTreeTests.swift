import Kernels
import Randomness
import Reduction
import TestSupport
import Testing

@Suite("Partial sums")
struct ReductionTreeTests {
    private static let shards = 16
    /// Batch sizes whose examples are on all shards, on ten of them, and on three.
    private static let batchSizes = [128, 10, 3]

    @Test(
        "give the tree's sum in any order of arrival", arguments: Kernels.supported,
        batchSizes)
    func arrivalOrder(kernels: any KernelSet.Type, batchSize: Int) throws {
        let step = Step(batchSize: batchSize)
        let expected = try #require(step.value(of: .root))
        var random = Philox(seed: 1, for: "arrival")
        for _ in 0..<200 {
            var sums = ReductionTree(step.plan, parameterCount: Step.width, kernels: kernels)
            sums.begin(step: step.number)
            for leaf in step.leaves.shuffled(using: &random) {
                let early = sums.takeRoot()
                #expect(early == nil)
                sums.add(step.sum(of: leaf))
            }
            let sum = sums.takeRoot()
            let root = try #require(sum)
            #expect(root.gradients.values.bits == expected.gradients.bits)
            #expect(root.tally == expected.tally)
        }
    }

    @Test(
        "from workers with any slot ranges add up to the same sum", arguments: Kernels.supported,
        batchSizes)
    func anySplit(kernels: any KernelSet.Type, batchSize: Int) throws {
        let step = Step(batchSize: batchSize)
        let expected = try #require(step.value(of: .root))
        var random = Philox(seed: 2, for: "splits")
        for _ in 0..<200 {
            // Each slot starts another worker's range with this round's probability.
            let likelihood = random.below(5)
            var ranges: [[TreeNode]] = [[]]
            for slot in 0..<Self.shards {
                if random.below(4) < likelihood { ranges.append([]) }
                ranges[ranges.count - 1].append(TreeNode(leafAtSlot: slot, shards: Self.shards))
            }
            var messages: [PartialSum] = []
            for range in ranges {
                var worker = ReductionTree(step.plan, parameterCount: Step.width, kernels: kernels)
                worker.begin(step: step.number)
                for leaf in range.shuffled(using: &random) where step.leaves.contains(leaf) {
                    worker.add(step.sum(of: leaf))
                }
                messages += worker.takeAll()
            }
            var coordinator = ReductionTree(step.plan, parameterCount: Step.width, kernels: kernels)
            coordinator.begin(step: step.number)
            for sum in messages.shuffled(using: &random) {
                sum.gradients.withBytes {
                    coordinator.add(sum.node, tally: sum.tally, payload: $0)
                }
            }
            let sum = coordinator.takeRoot()
            let root = try #require(sum)
            #expect(root.gradients.values.bits == expected.gradients.bits)
            #expect(root.tally == expected.tally)
        }
    }

    @Test("of a slot range have as few nodes as the tree allows", arguments: Kernels.supported)
    func fewNodes(kernels: any KernelSet.Type) {
        let step = Step(batchSize: 128)
        for (range, nodes) in [(0..<16, 1), (0..<8, 1), (8..<12, 1), (0..<12, 2), (1..<15, 6)] {
            var sums = ReductionTree(step.plan, parameterCount: Step.width, kernels: kernels)
            sums.begin(step: step.number)
            for slot in range {
                sums.add(step.sum(of: TreeNode(leafAtSlot: slot, shards: Self.shards)))
            }
            let messages = sums.takeAll()
            #expect(messages.count == nodes, "\(range)")
        }
    }

    @Test("without a sibling keep their bits, even those of -0", arguments: Kernels.supported)
    func emptySiblings(kernels: any KernelSet.Type) throws {
        let step = Step(batchSize: 1)
        var sums = ReductionTree(step.plan, parameterCount: 2, kernels: kernels)
        sums.begin(step: 0)
        sums.add(
            PartialSum(
                node: TreeNode(leafAtSlot: 0, shards: Self.shards), tally: Tally(examples: 1),
                gradients: FloatBuffer([-0.0, 1])))
        let sum = sums.takeRoot()
        let root = try #require(sum)
        #expect(root.gradients.values.bits == [Float(-0.0), 1].bits)
    }

    @Test("of the last step are cleared when a new step begins", arguments: Kernels.supported)
    func begin(kernels: any KernelSet.Type) throws {
        let step = Step(batchSize: 128)
        let expected = try #require(step.value(of: .root))
        var sums = ReductionTree(step.plan, parameterCount: Step.width, kernels: kernels)
        sums.begin(step: 0)
        for leaf in step.leaves.prefix(9) { sums.add(step.sum(of: leaf)) }
        sums.begin(step: 1)
        for leaf in step.leaves {
            step.sum(of: leaf).gradients.withBytes {
                sums.add(leaf, tally: step.sum(of: leaf).tally, payload: $0)
            }
        }
        let sum = sums.takeRoot()
        let root = try #require(sum)
        #expect(root.gradients.values.bits == expected.gradients.bits)
        #expect(root.tally == expected.tally)
        let rest = sums.takeAll()
        #expect(rest.isEmpty)
    }
}

/// One step's shard gradients, and their sum as the tree defines it.
private struct Step {
    static let width = 21
    let plan: BatchPlan
    let number = 1

    init(batchSize: Int) {
        plan = BatchPlan(examples: 10 * batchSize, batchSize: batchSize, shards: 16)
    }

    /// The shards with examples in this step.
    var leaves: [TreeNode] {
        (0..<plan.shards).map { TreeNode(leafAtSlot: $0, shards: plan.shards) }
            .filter { plan.examples(under: $0, step: number) > 0 }
    }

    func sum(of leaf: TreeNode) -> PartialSum {
        let seed = UInt64(leaf.residue)
        // Losses are multiples of an eighth, so their sums are exact in any order.
        let tally = Tally(
            examples: plan.examples(under: leaf, step: number), correct: leaf.residue % 3,
            loss: Double(leaf.residue) / 8)
        return PartialSum(
            node: leaf, tally: tally,
            gradients: FloatBuffer(randomMagnitudes(Self.width, seed: seed)))
    }

    /// value(j, r) = value(j + 1, r) + value(j + 1, r + 2^j), without empty nodes.
    func value(of node: TreeNode) -> (gradients: [Float], tally: Tally)? {
        guard plan.examples(under: node, step: number) > 0 else { return nil }
        guard node.level < plan.shards.trailingZeroBitCount else {
            let leaf = sum(of: node)
            return (leaf.gradients.values, leaf.tally)
        }
        let values = [node.residue, node.residue + 1 << node.level].compactMap {
            value(of: TreeNode(level: node.level + 1, residue: $0))
        }
        guard values.count == 2, let first = values.first, let second = values.last else {
            return values.first
        }
        var tally = first.tally
        tally += second.tally
        return (zip(first.gradients, second.gradients).map(+), tally)
    }
}
