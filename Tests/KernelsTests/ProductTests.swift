import Kernels
import TestSupport
import Testing

@Suite("Matrix products")
struct ProductTests {
    /// The memory layout of a product's operands.
    struct Form: Sendable, CustomTestStringConvertible {
        var isTransposed = false
        var accumulates = false
        var segments = 1
        /// The terms after each run of the inner dimension that the product skips.
        var skipped = 2

        var testDescription: String {
            "\(isTransposed ? "AᵀB" : "AB"), \(segments) segments"
                + (skipped == 0 ? " without a gap" : "") + (accumulates ? ", added to C" : "")
        }

        static let all = [false, true].flatMap { isTransposed in
            [false, true].flatMap { accumulates in
                [(0, 2), (1, 2), (3, 2), (3, 0)].map { segments, skipped in
                    Form(
                        isTransposed: isTransposed, accumulates: accumulates, segments: segments,
                        skipped: skipped)
                }
            }
        }
    }

    @Test(
        "compute each element as one chain of fused multiply-adds in ascending order",
        arguments: Kernels.supported, Form.all)
    func chain(kernels: any KernelSet.Type, form: Form) {
        for rows in 0...18 {
            for columns in 1...40 {
                let depth = (rows * 7 + columns * 3) % 11
                let product = Product(rows: rows, columns: columns, depth: depth, form)
                kernels.multiply(
                    product.aView, product.b.matrix, into: product.c.matrix, product.shape)
                let isExact = product.c.elements.bits == product.expected.bits
                #expect(isExact, "\(rows) x \(columns) x \(depth)")
                #expect(product.c.isIntact, "\(rows) x \(columns) x \(depth)")
            }
        }
    }

    @Test(
        "use the same chain beyond one tile and one panel",
        arguments: Kernels.supported, Form.all)
    func largeProducts(kernels: any KernelSet.Type, form: Form) {
        for (rows, columns, depth) in [(64, 128, 128), (65, 97, 63), (130, 10, 128), (3, 301, 9)] {
            let product = Product(rows: rows, columns: columns, depth: depth, form)
            kernels.multiply(
                product.aView, product.b.matrix, into: product.c.matrix, product.shape)
            let isExact = product.c.elements.bits == product.expected.bits
            #expect(isExact, "\(rows) x \(columns) x \(depth)")
            #expect(product.c.isIntact, "\(rows) x \(columns) x \(depth)")
        }
    }

    @Test(
        "of two terms start from one row and use one chain, the first product's terms first",
        arguments: Kernels.supported)
    func sumsOfProducts(kernels: any KernelSet.Type) {
        for (rows, columns) in [(1, 1), (3, 16), (8, 33), (17, 40), (65, 97)] {
            for (firstDepth, secondDepth) in [(0, 0), (5, 0), (0, 7), (28, 20), (9, 129)] {
                let first = Product(rows: rows, columns: columns, depth: firstDepth, Form())
                let second = Product(rows: rows, columns: columns, depth: secondDepth, Form())
                let start = Guarded(randomMagnitudes(columns, seed: UInt64(rows)))
                kernels.multiply(
                    first.terms, plus: second.terms, onto: start.vector, into: first.c.matrix,
                    rows: rows)
                let expected = (0..<rows * columns).map { index in
                    let (row, column) = index.quotientAndRemainder(dividingBy: columns)
                    var sum = start[0, column]
                    for product in [first, second] {
                        for term in 0..<product.shape.depth {
                            sum.addProduct(product.a[row, term], product.b[term, column])
                        }
                    }
                    return sum
                }
                let isExact = first.c.elements.bits == expected.bits
                let isIntact = first.c.isIntact
                #expect(isExact && isIntact, "\(rows) x \(columns) x \(firstDepth)+\(secondDepth)")
            }
        }
    }

    @Test(
        "of two terms over runs use one chain, the first product's terms first",
        arguments: Kernels.supported, Form.all)
    func sumsOverRuns(kernels: any KernelSet.Type, form: Form) {
        for (rows, columns) in [(1, 1), (3, 16), (8, 33), (17, 40), (65, 97)] {
            for (firstDepth, secondDepth) in [(0, 0), (1, 8), (5, 0), (3, 16)] {
                let first = Product(rows: rows, columns: columns, depth: firstDepth, form)
                // Its sums start from the expected result of the first product.
                let second = Product(
                    rows: rows, columns: columns, depth: secondDepth, form,
                    onto: first.expected)
                kernels.multiply(
                    first.terms, plus: second.terms, into: first.c.matrix, rows: rows,
                    columns: columns, accumulates: form.accumulates)
                let isExact = first.c.elements.bits == second.expected.bits
                let isIntact = first.c.isIntact
                #expect(isExact && isIntact, "\(rows) x \(columns) x \(firstDepth)+\(secondDepth)")
            }
        }
    }

    @Test("compute each row independently of the other rows", arguments: Kernels.supported)
    func rowIndependence(kernels: any KernelSet.Type) {
        let product = Product(rows: 23, columns: 37, depth: 19, Form(accumulates: true))
        let start = product.c.elements
        kernels.multiply(product.aView, product.b.matrix, into: product.c.matrix, product.shape)
        for row in 0..<23 {
            let own = Guarded(Array(start[row * 37..<(row + 1) * 37]))
            kernels.multiply(
                product.aView.dropping(rows: row), product.b.matrix, into: own.matrix,
                ProductShape(rows: 1, columns: 37, depth: 19, accumulates: true))
            let isSame = own.elements.bits == product.c.elements[row * 37..<(row + 1) * 37].bits
            #expect(isSame, "row \(row)")
        }
    }
}

/// The operands of a product and its expected result.
private struct Product {
    let shape: ProductShape
    let a: Guarded
    let b: Guarded
    let c: Guarded
    let aView: Matrix
    /// The expected elements of C, in row-major order.
    let expected: [Float]

    var terms: ProductTerms { ProductTerms(aView, b.matrix, shape) }

    /// - Parameter start: the initial sums, if these are not C or zeros.
    init(
        rows: Int, columns: Int, depth: Int, _ form: ProductTests.Form, onto start: [Float]? = nil
    ) {
        let skipped = form.skipped
        let inner = form.segments * (depth + skipped) + 1
        let seed = UInt64(rows * 10_000 + columns * 100 + depth)
        let aValues = randomMagnitudes(rows * inner, seed: seed)
        a = Guarded(aValues, columns: form.isTransposed ? rows : inner, gap: 3)
        b = Guarded(randomMagnitudes(inner * columns, seed: seed + 1), columns: columns, gap: 1)
        c = Guarded(randomMagnitudes(rows * columns, seed: seed + 2), columns: columns, gap: 2)
        aView = form.isTransposed ? a.matrix.transposed : a.matrix
        var shape = ProductShape(
            rows: rows, columns: columns, depth: depth, accumulates: form.accumulates)
        shape.segments = form.segments
        shape.aSegmentStride = (depth + skipped) * aView.columnStride
        shape.bSegmentStride = (depth + skipped) * b.stride
        self.shape = shape

        var expected: [Float] = []
        for row in 0..<rows {
            for column in 0..<columns {
                var sum = form.accumulates ? c[row, column] : 0
                if let start { sum = start[row * columns + column] }
                for segment in 0..<form.segments {
                    for term in segment * (depth + skipped)..<segment * (depth + skipped) + depth {
                        let factor = form.isTransposed ? a[term, row] : a[row, term]
                        sum.addProduct(factor, b[term, column])
                    }
                }
                expected.append(sum)
            }
        }
        self.expected = expected
    }
}
