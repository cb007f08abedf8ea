import Kernels
import TestSupport
import Testing

@Suite("Row kernels")
struct RowTests {
    @Test("add rows in ascending order, segment by segment", arguments: Kernels.supported)
    func addRows(kernels: any KernelSet.Type) {
        for columns in 1...40 {
            for segments in 0...3 {
                let depth = columns % 6
                let skipped = 1
                let source = Guarded(
                    randomMagnitudes(
                        (segments * (depth + skipped) + 1) * columns, seed: UInt64(columns)),
                    columns: columns, gap: 1)
                let target = Guarded(randomMagnitudes(columns, seed: 99))
                var expected = target.elements
                for segment in 0..<segments {
                    for row in 0..<depth {
                        for column in 0..<columns {
                            expected[column] += source[segment * (depth + skipped) + row, column]
                        }
                    }
                }
                // The rows and columns of the shape are only used by products.
                var shape = ProductShape(rows: 5, columns: 7, depth: depth, accumulates: true)
                shape.segments = segments
                shape.aSegmentStride = (depth + skipped) * source.stride
                kernels.addRows(source.matrix, into: target.vector, shape)
                #expect(target.elements.bits == expected.bits, "\(columns) columns")
                #expect(target.isIntact, "\(columns) columns")

                // Without accumulation, the old target counts as zero.
                let fresh = Guarded([Float](repeating: .nan, count: columns))
                let zeros = Guarded([Float](repeating: 0, count: columns))
                kernels.addRows(source.matrix, into: zeros.vector, shape)
                shape.accumulates = false
                kernels.addRows(source.matrix, into: fresh.vector, shape)
                #expect(fresh.elements.bits == zeros.elements.bits, "\(columns) columns")
            }
        }
    }

    @Test("fill rows with copies of one row", arguments: Kernels.supported)
    func fillRows(kernels: any KernelSet.Type) {
        for columns in 1...40 {
            let row = Guarded(randomMagnitudes(columns, seed: 1))
            let rows = columns % 5 + 1
            let target = Guarded(
                [Float](repeating: 7, count: rows * columns), columns: columns, gap: 2)
            kernels.fillRows(target.matrix, rows: rows, with: row.vector)
            let expected = (0..<rows).flatMap { _ in row.elements }
            #expect(target.elements.bits == expected.bits, "\(columns) columns")
            #expect(target.isIntact, "\(columns) columns")
        }
    }

    @Test("copy a matrix", arguments: Kernels.supported)
    func copyRows(kernels: any KernelSet.Type) {
        for columns in 1...40 {
            let rows = columns % 5 + 1
            let source = Guarded(
                randomMagnitudes(rows * columns, seed: 4), columns: columns, gap: 1)
            let target = Guarded(
                [Float](repeating: 7, count: rows * columns), columns: columns, gap: 2)
            kernels.copyRows(source.matrix, into: target.matrix, rows: rows, columns: columns)
            #expect(target.elements.bits == source.elements.bits, "\(columns) columns")
            #expect(target.isIntact, "\(columns) columns")
        }
    }

    @Test("transpose a matrix", arguments: Kernels.supported)
    func transpose(kernels: any KernelSet.Type) {
        for rows in [1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 40] {
            for columns in Array(1...40) + [63, 64, 65, 79, 128, 145] {
                let source = Guarded(
                    randomValues(rows * columns, seed: 3), columns: columns, gap: 1)
                let target = Guarded(
                    [Float](repeating: 7, count: rows * columns), columns: rows, gap: 3)
                kernels.transpose(
                    source.matrix, into: target.matrix, rows: rows, columns: columns)
                let expected = (0..<columns).flatMap { column in
                    (0..<rows).map { source[$0, column] }
                }
                #expect(target.elements.bits == expected.bits, "\(rows) x \(columns)")
                #expect(target.isIntact, "\(rows) x \(columns)")
            }
        }
    }
}
