import Kernels

/// The weights of some of a recurrent layer's preactivations, as the forward products want them.
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

    /// Takes over the layer's weights, which have a row for each of all its preactivations.
    func pack(inputSide weightsIH: Matrix, hiddenSide weightsHH: Matrix) {
        inputSide.pack(transposing: weightsIH.dropping(rows: preactivations.lowerBound))
        hiddenSide.pack(transposing: weightsHH.dropping(rows: preactivations.lowerBound))
    }

    /// The product of columns of an input, the first of which is the layer's `firstColumn`, with the
    /// input weights.
    func terms(_ input: Matrix, _ columns: Range<Int>, firstColumn: Int) -> ProductTerms {
        let first = columns.lowerBound
        return ProductTerms(
            input.dropping(columns: first), inputSide, from: firstColumn + first,
            depth: columns.count)
    }

    /// The product of hidden states with the hidden weights; `isEmpty` at the start, where none are.
    func terms(hidden: Matrix, isEmpty: Bool) -> ProductTerms {
        ProductTerms(hidden, hiddenSide, depth: isEmpty ? 0 : hiddenSide.rows)
    }
}
