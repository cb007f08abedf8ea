import Testing
import Training

@Suite("Reduction tree")
struct TreeNodeTests {
    @Test("a node's slots hold the shards of its residue", arguments: [1, 2, 16, 64])
    func slots(shards: Int) {
        for node in allNodes(shards: shards) {
            let covered = node.slots(of: shards).map { shard(atSlot: $0, of: shards) }
            let expected = (0..<shards).filter { $0 % (1 << node.level) == node.residue }
            #expect(covered.sorted() == expected, "\(node)")
        }
    }

    @Test("the slots are an order of the shards", arguments: [1, 2, 16, 64])
    func order(shards: Int) {
        let order = (0..<shards).map { shard(atSlot: $0, of: shards) }
        #expect(order.sorted() == Array(0..<shards))
    }

    @Test("the slots of eight shards are in bit-reversed order")
    func bitReversal() {
        #expect((0..<8).map { shard(atSlot: $0, of: 8) } == [0, 4, 2, 6, 1, 5, 3, 7])
    }

    @Test("a slot's leaf covers that slot and its shard alone", arguments: [1, 2, 16, 64])
    func leaves(shards: Int) {
        for slot in 0..<shards {
            let leaf = TreeNode(leafAtSlot: slot, shards: shards)
            #expect(leaf.slots(of: shards) == slot..<slot + 1)
            #expect(leaf.residue == shard(atSlot: slot, of: shards))
        }
    }

    @Test("a parent's slots are those of its two children", arguments: [2, 16, 64])
    func parents(shards: Int) throws {
        for node in allNodes(shards: shards).dropFirst() {
            let parent = try #require(node.parent)
            let sibling = try #require(node.sibling)
            #expect(sibling != node && sibling.sibling == node && sibling.parent == parent)
            let slots = Array(node.slots(of: shards)) + Array(sibling.slots(of: shards))
            #expect(slots.sorted() == Array(parent.slots(of: shards)), "\(node)")
            // (j, r) has the children (j + 1, r) and (j + 1, r + 2^j).
            let residues = Set([parent.residue, parent.residue + 1 << parent.level])
            #expect([node.residue, sibling.residue].sorted() == residues.sorted())
            #expect(node.level == parent.level + 1)
        }
    }

    @Test("the root covers all, and has neither parent nor sibling")
    func root() {
        #expect(TreeNode.root.parent == nil && TreeNode.root.sibling == nil)
        #expect(TreeNode.root.slots(of: 16) == 0..<16)
        #expect(TreeNode(leafAtSlot: 0, shards: 1) == .root)
    }

    @Test("consecutive positions fall on all workers alike", arguments: [1, 2, 4, 8, 16])
    func evenWork(workers: Int) {
        // With fewer positions a step than shards, each of W workers still gets its W-th of them.
        for first in 0..<16 {
            let owners = (first..<first + workers).map { position in
                (0..<16).first { shard(atSlot: $0, of: 16) == position % 16 }
                    .map { $0 * workers / 16 }
            }
            #expect(Set(owners).count == workers, "positions from \(first)")
        }
    }
}
