import DataParallel
import Kernels
import Reduction

/// A simulated coordinator's reduction: the real one, with a check of each sum and an entry in the history.
struct CheckedReduction: GradientReduction {
    private(set) var tree: TreeReduction<VirtualFrame>
    private unowned let process: CoordinatorProcess
    private var world: World { process.world }
    /// The last sums added, for the bug that adds one of them again.
    private var earlier: [VerifiedSum<VirtualFrame>] = []

    init(_ tree: TreeReduction<VirtualFrame>, of process: CoordinatorProcess) {
        self.tree = tree
        self.process = process
    }

    mutating func begin(step: Int) {
        tree.begin(step: step)
        world.history.begin(step: step)
    }

    mutating func add(_ sum: VerifiedSum<VirtualFrame>) {
        switch world.bug {
        case .lostSum where world.random.oneIn(100): return
        case .overlappingSum where world.random.oneIn(100): note(sum)
        case .oldSum:
            if let old = earlier.last(where: { $0.header.step < sum.header.step }) { note(old) }
            earlier = earlier.suffix(8) + [sum]
        default: break
        }
        note(sum)
        tree.add(sum)
        // The sum that is added must be the one that was verified.
        if sum.gradients.checksum != sum.header.checksum {
            world.fail("a sum is added that is not the one that was verified")
        }
    }

    private func note(_ sum: VerifiedSum<VirtualFrame>) { world.history.accumulate(sum.header) }

    mutating func takeRoot() -> PartialSum? {
        if let root = tree.takeRoot() { return root }
        world.fail("a step is to be updated, but its sum is not complete")
        let gradients = FloatBuffer(count: world.training.parameterCount)
        gradients.zero()
        return PartialSum(node: .root, tally: Tally(examples: 1), gradients: gradients)
    }

    mutating func recycle(_ gradients: FloatBuffer) {
        tree.recycle(gradients)
        process.isUpdated()
    }
}
