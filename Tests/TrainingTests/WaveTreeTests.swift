import NeuralNetwork
import Reduction
import Testing
import Training

@Suite("A wave's tree")
struct WaveTreeTests {
    /// The tree of shards that have these numbers of pieces each, in slots from `first` on.
    private func tree(
        _ pieces: [Int], from first: Int = 0, of plan: BatchPlan, lastIsOpen: Bool = false,
        open: Tally? = nil
    ) -> WaveTree {
        var wave = Wave(.wave)
        for (index, count) in pieces.enumerated() {
            for number in 0..<count {
                let isLast = number == count - 1 && !(lastIsOpen && index == pieces.count - 1)
                var piece = Wave.Piece(
                    slot: first + index, shard: 0, places: 0..<2, isLast: isLast)
                piece.tally = Tally(examples: 2, correct: 1, loss: Double(index + 1))
                #expect(wave.add(piece) == true)
            }
        }
        var tree = WaveTree()
        tree.build(wave.pieces, plan, step: 0, continuing: open)
        return tree
    }

    private func plan(examples: Int, shards: Int) -> BatchPlan {
        BatchPlan(examples: examples, batchSize: examples, shards: shards)
    }

    @Test("adds siblings as soon as both are complete")
    func siblings() {
        let tree = tree([1, 1, 1, 1, 1], of: plan(examples: 64, shards: 8))
        #expect(tree.parts.map(\.merges) == [0, 1, 0, 2, 0])
        #expect(tree.parts.map(\.rows) == [0..<2, 2..<4, 4..<6, 6..<8, 8..<10])
        #expect(
            tree.subtrees.map(\.node) == [
                TreeNode(level: 1, residue: 0), TreeNode(leafAtSlot: 4, shards: 8),
            ])
        #expect(tree.subtrees.map(\.parts) == [0..<4, 4..<5])
        #expect(tree.subtrees.map(\.tally.loss) == [10, 5])
    }

    @Test("does not add shards whose siblings are elsewhere")
    func unaligned() {
        let tree = tree([1, 1, 1], from: 1, of: plan(examples: 64, shards: 8))
        #expect(tree.parts.map(\.merges) == [0, 0, 1])
        #expect(tree.subtrees.map(\.parts) == [0..<1, 1..<3])
    }

    @Test("passes over siblings without examples")
    func emptySiblings() {
        // Slots 0 and 1 hold shards 0 and 4; of four examples, each of the first four shards has one.
        let tree = tree([1], of: plan(examples: 4, shards: 8))
        #expect(tree.subtrees.map(\.node) == [TreeNode(level: 2, residue: 0)])
    }

    @Test("makes one chain of a shard's pieces, and keeps a shard that goes on by itself")
    func pieces() {
        let open = Tally(examples: 16, correct: 3, loss: 0.5)
        let tree = tree(
            [2, 3, 2], of: plan(examples: 640, shards: 8), lastIsOpen: true, open: open)
        #expect(tree.parts.map(\.continues) == [false, true, false, true, true, false, true])
        #expect(tree.parts.map(\.merges) == [0, 0, 0, 0, 1, 0, 0])
        #expect(tree.subtrees.map(\.parts) == [0..<5, 5..<7])
        #expect(tree.subtrees.map(\.node) == [TreeNode(level: 2, residue: 0), nil])
        #expect(
            tree.subtrees.map(\.tally) == [
                Tally(examples: 26, correct: 8, loss: 8.5), Tally(examples: 4, correct: 2, loss: 6),
            ])
    }
}
