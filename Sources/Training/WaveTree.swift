import NeuralNetwork
import Reduction

/// The subtrees of the reduction tree that the shards of a wave make up.
package struct WaveTree {
    /// A node all of whose shards with examples are in the wave, or a shard that goes on in the next.
    package struct Subtree {
        /// The node; nil if its only shard is not complete.
        package var node: TreeNode?
        /// Its parts, among all.
        package var parts: Range<Int>
        /// The tally of its parts.
        package var tally: Tally
    }

    /// The pieces, in order.
    package private(set) var parts: [GradientPart] = []
    /// The largest subtrees, in the order of their parts.
    package private(set) var subtrees: [Subtree] = []

    /// An empty tree.
    package init() {}

    /// Replaces the tree by that of a wave's pieces in a step.
    ///
    /// - Parameter open: the tally so far of a shard that the first piece continues.
    package mutating func build(
        _ pieces: [Wave.Piece], _ plan: BatchPlan, step: Int, continuing open: Tally?
    ) {
        parts.removeAll(keepingCapacity: true)
        subtrees.removeAll(keepingCapacity: true)
        var isOpen = false
        for (index, piece) in pieces.enumerated() {
            parts.append(GradientPart(rows: piece.rows, continues: isOpen, merges: 0))
            if isOpen, let last = subtrees.indices.last {
                subtrees[last].parts = subtrees[last].parts.lowerBound..<index + 1
                subtrees[last].tally += piece.tally
            } else {
                var tally = index == 0 ? open ?? Tally() : Tally()
                tally += piece.tally
                subtrees.append(Subtree(node: nil, parts: index..<index + 1, tally: tally))
            }
            isOpen = !piece.isLast
            if piece.isLast { complete(piece.slot, plan, step) }
        }
    }

    /// Adds the last shard to the sums of its siblings.
    private mutating func complete(_ slot: Int, _ plan: BatchPlan, _ step: Int) {
        guard var last = subtrees.popLast() else { return }
        var node = TreeNode(leafAtSlot: slot, shards: plan.shards)
        while let parent = node.parent, let sibling = node.sibling {
            if let other = subtrees.last, other.node == sibling {
                last.parts = other.parts.lowerBound..<last.parts.upperBound
                last.tally += other.tally
                parts[parts.count - 1].merges += 1
                subtrees.removeLast()
            } else if plan.examples(under: sibling, step: step) > 0 {
                break
            }
            node = parent
        }
        last.node = node
        subtrees.append(last)
    }
}
