import NeuralNetwork
import Training

/// The form of a network that nothing is computed with.
let sampleArchitecture = Architecture(
    imageRows: 2, imageColumns: 2, hiddenSize: 2, layers: 1, classes: 2)

/// A report of an update.
func sampleReport(step: Int) -> StepReport {
    StepReport(
        epoch: 1, epochs: 1, stepInEpoch: step, stepsPerEpoch: 1, step: step, tally: Tally(),
        learningRate: 0, seconds: 0, positions: 0..<0, weights: .none)
}

/// The nodes whose sums a worker sends for a range of slots: as few as the tree allows.
func maximalNodes(in slots: Range<Int>, of plan: BatchPlan, step: Int) -> [TreeNode] {
    var nodes: Set<TreeNode> = []
    for slot in slots {
        var node = TreeNode(leafAtSlot: slot, shards: plan.shards)
        guard plan.examples(under: node, step: step) > 0 else { continue }
        while let parent = node.parent, let sibling = node.sibling {
            guard
                nodes.remove(sibling) != nil
                    || plan.examples(under: sibling, step: step) == 0
            else { break }
            node = parent
        }
        nodes.insert(node)
    }
    return nodes.sorted {
        $0.slots(of: plan.shards).lowerBound < $1.slots(of: plan.shards).lowerBound
    }
}
