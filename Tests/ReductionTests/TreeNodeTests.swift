import Reduction
import Testing

@Suite("A tree node")
struct TreeNodeTests {
    @Test("has the slots of the shards with its residue", arguments: [1, 2, 16, 64])
    func slots(shards: Int) {
        for node in allNodes(shards: shards) {
            let covered = node.slots(of: shards).map { shard(atSlot: $0, of: shards) }
            let expected = (0..<shards).filter { $0 % (1 << node.level) == node.residue }
            #expect(covered.sorted() == expected, "\(node)")
        }
    }

    @Test("orders all shards by slots", arguments: [1, 2, 16, 64])
    func order(shards: Int) {
        let order = (0..<shards).map { shard(atSlot: $0, of: shards) }
        #expect(order.sorted() == Array(0..<shards))
    }

    @Test("orders eight shards in bit-reversed slots")
    func bitReversal() {
        #expect((0..<8).map { shard(atSlot: $0, of: 8) } == [0, 4, 2, 6, 1, 5, 3, 7])
    }

    @Test("at a leaf covers only its slot and shard", arguments: [1, 2, 16, 64])
    func leaves(shards: Int) {
        for slot in 0..<shards {
            let leaf = TreeNode(leafAtSlot: slot, shards: shards)
            #expect(leaf.slots(of: shards) == slot..<slot + 1)
            #expect(leaf.residue == shard(atSlot: slot, of: shards))
        }
    }

    @Test("has the slots of its two children", arguments: [2, 16, 64])
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

    @Test("at the root covers all slots, without parent or sibling")
    func root() {
        #expect(TreeNode.root.parent == nil && TreeNode.root.sibling == nil)
        #expect(TreeNode.root.slots(of: 16) == 0..<16)
        #expect(TreeNode(leafAtSlot: 0, shards: 1) == .root)
    }

    @Test("spreads consecutive positions evenly over all workers", arguments: [1, 2, 4, 8, 16])
    func evenWork(workers: Int) {
        // If a step has fewer positions than shards, each of W workers still gets every W-th one.
        for first in 0..<16 {
            let owners = (first..<first + workers).map { position in
                (0..<16).first { shard(atSlot: $0, of: 16) == position % 16 }
                    .map { $0 * workers / 16 }
            }
            #expect(Set(owners).count == workers, "positions from \(first)")
        }
    }
}
