import DataParallel
import KernelInterface
import Reduction

/// The real reduction, with a check that each step adds each of its examples exactly once.
package struct CoveringReduction<Peer: Hashable & Sendable>: GradientReduction {
    private var tree: TreeReduction<VirtualFrame>
    private let plan: BatchPlan
    private unowned let world: ScriptedCoordinatorWorld<Peer>
    private var step = 0
    private var examples = 0
    private var covered: Set<Int> = []

    init(
        _ tree: TreeReduction<VirtualFrame>, _ plan: BatchPlan,
        of world: ScriptedCoordinatorWorld<Peer>
    ) {
        self.tree = tree
        self.plan = plan
        self.world = world
    }

    package mutating func begin(step: Int) {
        tree.begin(step: step)
        (self.step, examples, covered) = (step, 0, [])
        world.onAsk(.beginStep(step))
    }

    package mutating func add(_ sum: VerifiedSum<VirtualFrame>) {
        let header = sum.header
        precondition(header.step == step, "a sum of another step is added")
        precondition(sum.isFinite, "a sum that is not finite is added")
        let node = TreeNode(level: header.level, residue: header.residue)
        precondition(header.examples == plan.examples(under: node, step: step), "a lie is added")
        for slot in node.slots(of: plan.shards) {
            let leaf = TreeNode(leafAtSlot: slot, shards: plan.shards)
            guard plan.examples(under: leaf, step: step) > 0 else { continue }
            precondition(covered.insert(slot).inserted, "a shard is added twice")
        }
        examples += header.examples
        tree.add(sum)
        world.onAdd(header)
    }

    package mutating func takeRoot() -> PartialSum? {
        precondition(
            examples == plan.positions(ofStep: step).count, "an update without all examples")
        world.onAsk(.update(step: step))
        return tree.takeRoot()
    }

    package mutating func recycle(_ gradients: FloatBuffer) { tree.recycle(gradients) }
}
