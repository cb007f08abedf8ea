import Kernels
import TestSupport
import Testing

@Suite("Products over a tree")
struct TreeProductTests {
    /// The leaves of a tree: of each the terms in each of its parts, and how many sums it takes in.
    struct Tree: Sendable, CustomTestStringConvertible {
        let leaves: [(parts: [Int], merges: Int)]
        var testDescription: String { "\(leaves)" }

        static let all = [
            Tree(leaves: [([7], 0)]),
            Tree(leaves: [([5, 3], 0), ([4], 1)]),
            Tree(leaves: [([3], 0), ([9], 1), ([1, 8, 2], 0), ([6], 2)]),
            Tree(leaves: [([3], 0), ([2], 0), ([4], 0), ([5], 3)]),
        ]
    }

    @Test(
        "compute each leaf as one chain in ascending order, and add siblings",
        arguments: Kernels.supported, Tree.all)
    func bits(kernels: any KernelSet.Type, tree: Tree) {
        let sizes = [1, 3, 8, 13, 14, 15, 29].flatMap { rows in
            [1, 5, 16, 17, 28, 33, 70].map { (rows, $0) }
        }
        for (rows, columns) in sizes + [(300, 40), (257, 97)] {
            for (lacksLeading, accumulates) in [(false, false), (true, false), (false, true)] {
                let sample = Sample(tree, rows: rows, columns: columns)
                sample.multiply(kernels, lacksLeading: lacksLeading, accumulates: accumulates)
                let expected = sample.expected(
                    lacksLeading: lacksLeading, accumulates: accumulates)
                let isExact = sample.c.elements.bits == expected.bits
                #expect(isExact && sample.c.isIntact, "\(rows) x \(columns)")
            }
        }
    }

    @Test("have the same bits with more terms than a block holds", arguments: Kernels.supported)
    func manyTerms(kernels: any KernelSet.Type) {
        let sample = Sample(
            Tree(leaves: [([9_001], 0), ([2_500], 1)]), rows: 31, columns: 33)
        sample.multiply(kernels, lacksLeading: false, accumulates: false)
        let expected = sample.expected(lacksLeading: false, accumulates: false)
        let isExact = sample.c.elements.bits == expected.bits
        #expect(isExact && sample.c.isIntact)
    }
}

/// The operands of a product over a tree.
private struct Sample {
    let tree: TreeProductTests.Tree
    let rows: Int
    let columns: Int
    /// A row of either holds one term's values; every other row is skipped.
    let left: Guarded
    let right: Guarded
    let c: Guarded
    private let start: [Float]

    init(_ tree: TreeProductTests.Tree, rows: Int, columns: Int) {
        self.tree = tree
        self.rows = rows
        self.columns = columns
        let terms = 2 * tree.leaves.reduce(0) { $0 + $1.parts.reduce(0, +) }
        let seed = UInt64(rows * 1_000 + columns)
        left = Guarded(randomMagnitudes(terms * rows, seed: seed), columns: rows, gap: 3)
        right = Guarded(
            randomMagnitudes(terms * columns, seed: seed + 1), columns: columns, gap: 1)
        start = randomMagnitudes(rows * columns, seed: seed + 2)
        c = Guarded(start, columns: columns, gap: 2)
    }

    func multiply(_ kernels: any KernelSet.Type, lacksLeading: Bool, accumulates: Bool) {
        let terms = left.rows / 2
        let product = TreeProduct(terms: terms, leaves: tree.leaves.count, kernels: kernels)
        let packed = PackedMatrix(rows: terms, columns: columns, kernels: kernels)
        // Whatever was there before must not matter.
        packed.pack(rowsOfTerms(of: right, from: 0, count: terms), at: 0)
        packed.clear(rows: 0..<terms)
        for leaf in tree.leaves {
            for (index, count) in leaf.parts.enumerated() {
                packed.pack(
                    rowsOfTerms(of: right, from: product.terms, count: count), at: product.terms)
                let isLast = index == leaf.parts.count - 1
                product.add(
                    terms: count, continues: index > 0, leading: 1,
                    merges: isLast ? leaf.merges : 0)
            }
        }
        product.forEachBlock(of: 0..<rows) { block in
            product.pack(rowsOfTerms(of: left, from: 0, count: terms), columns: block, at: 0)
            product.multiply(
                by: packed, into: c.matrix.dropping(rows: block.lowerBound), rows: block.count,
                lacksLeading: lacksLeading, accumulates: accumulates)
        }
    }

    private func rowsOfTerms(of matrix: Guarded, from first: Int, count: Int) -> TermRows {
        TermRows(
            matrix.matrix.dropping(rows: 2 * first), depth: 1, segments: count,
            segmentStride: 2 * matrix.stride)
    }

    func expected(lacksLeading: Bool, accumulates: Bool) -> [Float] {
        var expected: [Float] = []
        for row in 0..<rows {
            for column in 0..<columns {
                var sums: [Float] = []
                var term = 0
                for (index, leaf) in tree.leaves.enumerated() {
                    var sum = index == 0 && accumulates ? start[row * columns + column] : 0
                    let end = term + leaf.parts.reduce(0, +)
                    for term in term + (lacksLeading ? 1 : 0)..<end {
                        sum.addProduct(left[2 * term, row], right[2 * term, column])
                    }
                    for _ in 0..<leaf.merges { sum += sums.removeLast() }
                    sums.append(sum)
                    term = end
                }
                expected += sums
            }
        }
        return expected
    }
}
