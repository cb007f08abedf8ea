import NeuralNetwork
import Training

/// The form of a network that nothing is computed with.
let sampleArchitecture = Architecture(
    imageRows: 2, imageColumns: 2, hiddenSize: 2, layers: 1, classes: 2)

/// A report of an update.
func sampleReport(step: Int) -> StepReport {
    StepReport(
        epoch: 1, epochs: 1, stepInEpoch: step, stepsPerEpoch: 1, step: step, tally: Tally(),
        learningRate: 0, seconds: 0, positions: 0..<0, weights: 0)
}

/// The nodes whose sums a worker sends for a range of slots: as few as the tree allows.
func maximalNodes(in slots: Range<Int>, of plan: BatchPlan) -> [TreeNode] {
    var nodes: [TreeNode] = []
    for slot in slots {
        var node = TreeNode(leafAtSlot: slot, shards: plan.shards)
        while let parent = node.parent, slots.contains(parent.slots(of: plan.shards)) {
            node = parent
        }
        if nodes.last != node { nodes.append(node) }
    }
    return nodes
}
