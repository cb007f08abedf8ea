import KernelInterface

/// The sum of the gradients, losses and hits of the examples under one node of the tree.
public struct PartialSum {
    /// What the sum covers.
    public var node: TreeNode
    /// Losses, hits and examples.
    public var tally: Tally
    /// The summed parameter gradients, in the layout of the parameters.
    public var gradients: FloatBuffer

    /// Makes a partial sum.
    public init(node: TreeNode, tally: Tally, gradients: FloatBuffer) {
        self.node = node
        self.tally = tally
        self.gradients = gradients
    }
}
