import Datasets
import Kernels
import NeuralNetwork
import Reduction
import TestSupport
import Testing
import Training

@Suite("A step's sum, in any grouping of rows")
struct ExactSumTests {
    /// A network and a batch; none of the sizes is a multiple of a vector's or a tile's.
    struct Case: Sendable, CustomTestStringConvertible {
        var cell: Cell
        var hidden: Int
        var layers = 1
        var isBidirectional = false
        var batch: Int
        var shards: Int

        var testDescription: String {
            "\(layers) x \(hidden) \(cell)\(isBidirectional ? " in both directions" : ""), "
                + "\(batch) rows in \(shards) shards"
        }

        var architecture: Architecture {
            Architecture(
                cell: cell, imageRows: 4, imageColumns: 5, hiddenSize: hidden, layers: layers,
                isBidirectional: isBidirectional, classes: 3)
        }
    }

    private static let cases = Cell.allCases.flatMap { cell in
        [(1, 1), (1, 2), (2, 1), (2, 2)].flatMap { layers, directions in
            [(1, 300, 16), (3, 70, 4), (13, 129, 16), (19, 300, 2), (37, 23, 1), (67, 9, 2)].map {
                Case(
                    cell: cell, hidden: $0, layers: layers, isBidirectional: directions == 2,
                    batch: $1, shards: $2)
            }
        }
            + [
                Case(cell: cell, hidden: 257, batch: 17, shards: 2),
                Case(cell: cell, hidden: 1_099, batch: 3, shards: 2),
            ]
    }

    @Test("has the bits of plain loops in ascending order", arguments: cases)
    func plainLoops(testCase: Case) throws {
        for kernels in Kernels.supported {
            var expected: [Float]?
            for grouping in RowGrouping.allCases {
                let run = SmallRun(
                    testCase.architecture, batchSize: testCase.batch, shards: testCase.shards,
                    grouping: grouping, kernels)
                let plain = expected ?? run.plainTreeSum(step: 0)
                expected = plain
                let isExact = try run.sum(step: 0).gradients.values.bits == plain.bits
                #expect(isExact, "\(kernels.name), \(grouping)")
            }
        }
    }
}
