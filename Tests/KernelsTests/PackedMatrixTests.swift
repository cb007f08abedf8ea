import Kernels
import TestSupport
import Testing

@Suite("Packed matrices")
struct PackedMatrixTests {
    private static let depths = (first: 5, second: 23)

    @Test(
        "give the same products as the unpacked rows, to the bit",
        arguments: Kernels.supported)
    func products(kernels: any KernelSet.Type) {
        for rows in [1, 2, 3, 4, 5, 8, 11, 17] {
            for columns in Array(1...40) + [97, 128, 130] {
                let operands = Operands(rows: rows, columns: columns, kernels: kernels)
                let start = Guarded(randomMagnitudes(columns, seed: 5))
                let old = randomMagnitudes(rows * columns, seed: 6)
                func both(_ terms: (first: ProductTerms, second: ProductTerms)) -> [[UInt32]] {
                    let sums = Guarded(old, columns: columns, gap: 2)
                    kernels.multiply(
                        terms.first, plus: terms.second, onto: start.vector, into: sums.matrix,
                        rows: rows)
                    let added = Guarded(old, columns: columns, gap: 2)
                    kernels.multiply(
                        terms.first, plus: terms.second, into: added.matrix, rows: rows,
                        columns: columns, accumulates: true)
                    #expect(sums.isIntact && added.isIntact, "\(rows) x \(columns)")
                    return [sums.elements.bits, added.elements.bits]
                }
                #expect(both(operands.packed) == both(operands.plain), "\(rows) x \(columns)")
            }
        }
    }

    /// The operands of two products, with packed and with plain weights.
    private struct Operands {
        private let a: (first: Guarded, second: Guarded)
        private let weights: Guarded
        private let packedRows: PackedMatrix
        private let packedColumns: PackedMatrix

        init(rows: Int, columns: Int, kernels: any KernelSet.Type) {
            let depths = PackedMatrixTests.depths
            a = (
                Guarded(randomMagnitudes(rows * depths.first, seed: 1), columns: depths.first),
                Guarded(randomMagnitudes(rows * depths.second, seed: 2), columns: depths.second)
            )
            weights = Guarded(
                randomMagnitudes(depths.second * columns, seed: 3), columns: columns, gap: 1)
            packedRows = PackedMatrix(rows: depths.second, columns: columns, kernels: kernels)
            packedColumns = PackedMatrix(rows: depths.second, columns: columns, kernels: kernels)
            packedRows.pack(weights.matrix)
            let sideways = (0..<columns).flatMap { [weights] column in
                (0..<depths.second).map { weights[$0, column] }
            }
            let transposed = Guarded(sideways, columns: depths.second, gap: 3)
            packedColumns.pack(transposing: transposed.matrix)
            withExtendedLifetime(transposed) {}
        }

        /// The first product uses some rows from the middle of the weights, the second all of them.
        var plain: (first: ProductTerms, second: ProductTerms) {
            let depths = PackedMatrixTests.depths
            return (
                ProductTerms(
                    a.first.matrix, weights.matrix.dropping(rows: 7), depth: depths.first),
                ProductTerms(a.second.matrix, weights.matrix, depth: depths.second)
            )
        }

        var packed: (first: ProductTerms, second: ProductTerms) {
            let depths = PackedMatrixTests.depths
            return (
                ProductTerms(a.first.matrix, packedRows, from: 7, depth: depths.first),
                ProductTerms(a.second.matrix, packedColumns, depth: depths.second)
            )
        }
    }
}
