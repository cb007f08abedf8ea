import Kernels

/// The weights of some of a recurrent layer's sums, as the forward products want them.
///
/// Shapes: D input values, H hidden values, S sums.
struct PackedWeights {
    private let sums: Range<Int>
    private let inputSide: PackedMatrix  // [D][S]
    private let hiddenSide: PackedMatrix  // [H][S]

    init(of sums: Range<Int>, inputSize: Int, hiddenSize: Int, kernels: any KernelSet.Type) {
        self.sums = sums
        inputSide = PackedMatrix(rows: inputSize, columns: sums.count, kernels: kernels)
        hiddenSide = PackedMatrix(rows: hiddenSize, columns: sums.count, kernels: kernels)
    }

    /// Takes over the layer's weights, which have a row for each of all its sums.
    func pack(inputSide weightsIH: Matrix, hiddenSide weightsHH: Matrix) {
        inputSide.pack(transposing: weightsIH.dropping(rows: sums.lowerBound))
        hiddenSide.pack(transposing: weightsHH.dropping(rows: sums.lowerBound))
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
