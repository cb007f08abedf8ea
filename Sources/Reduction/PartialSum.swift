import KernelInterface

/// The sum of the gradients, losses and correct predictions of the examples under one tree node.
public struct PartialSum {
    /// The node whose examples are summed.
    public var node: TreeNode
    /// The summed losses, correct predictions and examples.
    public var tally: Tally
    /// The summed gradients with respect to the parameters, in the layout of the parameters.
    public var gradients: FloatBuffer

    /// Makes a partial sum.
    public init(node: TreeNode, tally: Tally, gradients: FloatBuffer) {
        self.node = node
        self.tally = tally
        self.gradients = gradients
    }
}
