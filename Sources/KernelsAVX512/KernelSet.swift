import KernelInterface

// This folder is three targets: KernelsAVX512, and by symbolic links KernelsAVX2 and KernelsNEON.
// Package.swift compiles each for its own instruction set, with the flag that selects it here.

#if TERN_AVX512
    /// The kernels for x86-64-v4: vectors of 16 values, 32 registers.
    package enum KernelsForAVX512 {}
    typealias ThisKernelSet = KernelsForAVX512
    private let thisName = "avx512"
#elseif TERN_AVX2
    /// The kernels for x86-64-v3: vectors of 8 values, 16 registers.
    package enum KernelsForAVX2 {}
    typealias ThisKernelSet = KernelsForAVX2
    private let thisName = "avx2"
#else
    /// The kernels for arm64: vectors of 4 values, 32 registers.
    package enum KernelsForNEON {}
    typealias ThisKernelSet = KernelsForNEON
    private let thisName = "neon"
#endif

extension ThisKernelSet: KernelSet {
    package static var name: String { thisName }

    package static func multiply(
        _ a: Matrix, _ b: Matrix, into c: Matrix, _ shape: ProductShape
    ) {
        multiplyTiled(a, b, into: c, shape)
    }

    package static func multiply(
        _ first: ProductTerms, plus second: ProductTerms?, onto start: Vector, into c: Matrix,
        rows: Int
    ) {
        addProductsTiled(first, second, onto: start, into: c, rows: rows)
    }

    package static func multiply(
        _ first: ProductTerms, plus second: ProductTerms?, into c: Matrix, rows: Int, columns: Int,
        accumulates: Bool
    ) {
        addProductsTiled(
            first, second, into: c, rows: rows, columns: columns, accumulates: accumulates)
    }

    package static func pack(
        _ source: TermRows, columns: Range<Int>, into packed: PackedRows, at term: Int
    ) {
        packForTiles(source, columns: columns, into: packed, at: term)
    }

    package static func multiply(
        _ left: PackedRows, _ right: PackedColumns, leaves: [TreeLeaf], lacksLeading: Bool,
        pending: Vector, into c: Matrix, accumulates: Bool
    ) {
        let operands = TreeOperands(
            left: left, right: right, lacksLeading: lacksLeading, pending: pending.base,
            accumulates: accumulates)
        multiplyTree(operands, leaves, into: c)
    }

    package static func addRows(_ source: Matrix, into target: Vector, _ shape: ProductShape) {
        addRowsInOrder(source, into: target, shape)
    }

    package static func fillRows(_ target: Matrix, rows: Int, with row: Vector) {
        copyElements(
            Matrix(base: row.base, rowStride: 0, columnStride: 1), into: target, rows: rows,
            columns: row.count)
    }

    package static func copyRows(
        _ source: Matrix, into target: Matrix, rows: Int, columns: Int
    ) {
        copyElements(source, into: target, rows: rows, columns: columns)
    }

    package static func panelWidth(ofColumns columns: Int) -> Int {
        widthOfPackedPanel(columns: columns)
    }

    package static func transpose(_ source: Matrix, into target: Matrix, rows: Int, columns: Int) {
        transposeElements(source, into: target, rows: rows, columns: columns)
    }

    package static func tanh(_ values: Vector) { update(values, hyperbolicTangent) }

    package static func tanhBackward(_ gradient: Vector, output: Vector) {
        update(gradient, with: output) { gradient, output in
            gradient * Lanes(repeating: 1).addingProduct(-output, output)
        }
    }

    package static func relu(_ values: Vector) {
        // `<` is false for NaN, so NaN stays visible.
        update(values) { $0.replacing(with: Lanes.zero, where: $0 .< Lanes.zero) }
    }

    package static func reluBackward(_ gradient: Vector, output: Vector) {
        update(gradient, with: output) { gradient, output in
            gradient.replacing(with: Lanes.zero, where: output .<= Lanes.zero)
        }
    }

    package static func lstm(_ step: LSTMStep, rows: Int, columns: Int) {
        activateLSTM(step, rows: rows, columns: columns)
    }

    package static func lstmBackward(
        _ step: LSTMStep, hiddenGradient: Matrix, stateGradient: Matrix, rows: Int, columns: Int
    ) {
        differentiateLSTM(
            step, hiddenGradient: hiddenGradient, stateGradient: stateGradient, rows: rows,
            columns: columns)
    }

    package static func gru(_ step: GRUStep, rows: Int, columns: Int) {
        activateGRU(step, rows: rows, columns: columns)
    }

    package static func gruBackward(
        _ step: GRUStep, hiddenGradient: Matrix, previousGradient: Matrix?, rows: Int, columns: Int
    ) {
        differentiateGRU(
            step, hiddenGradient: hiddenGradient, previousGradient: previousGradient, rows: rows,
            columns: columns)
    }

    package static func patches(of maps: Vector, _ shape: MapShape, into patches: Matrix) {
        gatherPatches(maps, shape, into: patches)
    }

    package static func addPatches(_ patches: Matrix, _ shape: MapShape, to maps: Vector) {
        scatterPatches(patches, shape, into: maps)
    }

    package static func pool(_ sums: Matrix, _ shape: MapShape, into pooled: Vector) {
        poolRectifiedSums(sums, shape, into: pooled)
    }

    package static func poolBackward(_ sums: Matrix, _ shape: MapShape, pooledGradient: Vector) {
        differentiatePooling(sums, shape, pooledGradient: pooledGradient)
    }

    package static func softmaxCrossEntropy(
        _ logits: Vector, label: Int, smoothing: Double
    ) -> ExampleLoss {
        crossEntropyOfSoftmax(logits, label: label, smoothing: smoothing)
    }

    package static func widen(_ bytes: RawSpan, into target: Vector) {
        widenBytes(bytes, into: target)
    }

    package static func prefetch(_ bytes: RawSpan) { prefetchBytes(bytes) }

    package static func occupiedColumns(
        of values: Matrix, rows: Int, columns: Int
    ) -> Range<Int> {
        rangeOfColumns(values, rows: rows, columns: columns)
    }

    package static func fill(_ values: Vector, with value: Float) {
        update(values) { _ in Lanes(repeating: value) }
    }

    package static func copy(_ source: Vector, into target: Vector) {
        update(target, with: source) { $1 }
    }

    package static func multiply(_ values: Vector, by factors: Vector) {
        update(values, with: factors) { $0 * $1 }
    }

    package static func add(_ source: Vector, into target: Vector) {
        update(target, with: source) { $0 + $1 }
    }

    package static func add(_ source: Vector, times factor: Float, into target: Vector) {
        update(target, with: source) { $0.addingProduct(Lanes(repeating: factor), $1) }
    }

    package static func add(payload source: RawSpan, into target: Vector) {
        addPayload(source, into: target)
    }

    package static func divide(_ values: Vector, by divisor: Float) {
        let reciprocal = 1 / divisor
        if divisor.significandBitPattern == 0 && reciprocal.isNormal {
            // The reciprocal of a power of two is exact, so the product rounds as the quotient does.
            return update(values) { $0 * Lanes(repeating: reciprocal) }
        }
        update(values) { $0 / Lanes(repeating: divisor) }
    }

    package static func scale(_ values: Vector, by factor: Float) { update(values) { $0 * factor } }

    package static func sumOfSquares(_ values: Vector) -> Double { sumSquares(values) }

    package static func isFinite(payload: RawSpan) -> Bool { hasOnlyFinite(payload) }

    package static func adam(
        parameters: Vector, gradients: Vector, firstMoments: Vector, secondMoments: Vector,
        _ coefficients: AdamCoefficients
    ) {
        updateByAdam(parameters, gradients, firstMoments, secondMoments, coefficients)
    }

    package static func rmsprop(
        gradients: Vector, secondMoments: Vector, keep: Float, decay: Float, epsilon: Float
    ) {
        updateSecondMoments(secondMoments, gradients, keep: keep, decay: decay)
        update(gradients, with: secondMoments) { gradient, moment in
            gradient / (moment.squareRoot() + Lanes(repeating: epsilon))
        }
    }

    package static func multiplyAddRegisters(rounds: Int) -> (operations: Int, value: Float) {
        runChains(rounds: rounds)
    }
}
