import Kernels

/// The weights of some of a recurrent layer's preactivations, packed for the forward products.
///
/// Shapes: D input values, H hidden values, S preactivations.
struct PackedWeights {
    private let preactivations: Range<Int>
    private let inputSide: PackedMatrix  // [D][S]
    private let hiddenSide: PackedMatrix  // [H][S]

    init(
        of preactivations: Range<Int>, inputSize: Int, hiddenSize: Int, kernels: any KernelSet.Type
    ) {
        self.preactivations = preactivations
        inputSide = PackedMatrix(rows: inputSize, columns: preactivations.count, kernels: kernels)
        hiddenSide = PackedMatrix(rows: hiddenSize, columns: preactivations.count, kernels: kernels)
    }

    /// Packs the layer's weights, which have one row per preactivation of the layer.
    func pack(inputSide weightsIH: Matrix, hiddenSide weightsHH: Matrix) {
        inputSide.pack(transposing: weightsIH.dropping(rows: preactivations.lowerBound))
        hiddenSide.pack(transposing: weightsHH.dropping(rows: preactivations.lowerBound))
    }

    /// The product of some columns of an input with the input weights.
    ///
    /// The input's first column is the layer's `firstColumn`.
    func terms(_ input: Matrix, _ columns: Range<Int>, firstColumn: Int) -> ProductTerms {
        let first = columns.lowerBound
        return ProductTerms(
            input.dropping(columns: first), inputSide, from: firstColumn + first,
            depth: columns.count)
    }

    /// The product of hidden states with the hidden weights; `isEmpty` at the start, with no states
    /// yet.
    func terms(hidden: Matrix, isEmpty: Bool) -> ProductTerms {
        ProductTerms(hidden, hiddenSide, depth: isEmpty ? 0 : hiddenSide.rows)
    }
}
