import Kernels

/// A recurrent layer over whole sequences in one direction, with PyTorch's parameters.
///
/// Its inputs are sequences side by side, such as the two directions of the layer below: their
/// columns follow one another in the input weights, and in the chain of each sum. Shapes: N rows
/// (examples), L time steps, D input values, H hidden values, G gates.
struct RecurrentLayer {
    let cell: any RecurrentCell
    /// The one row that stands for all as long as they are in the same states.
    let beginning: Beginning
    /// Where the states of the beginning go in those of the rows.
    private let handedOn: [(from: SequenceBuffer, to: SequenceBuffer)]
    let kernels: any KernelSet.Type
    /// The time steps that are computed.
    let times: Range<Int>
    let hiddenSize: Int
    let inputSize: Int
    let isReverse: Bool
    /// Those time steps in the direction of reading.
    private let order: [Int]
    /// The columns of all gates' sums, and of those that hold input and hidden side together.
    let columns: Int
    let columnsTogether: Int

    // Where this layer's tensors begin in the flat buffers of parameters and of gradients.
    let weightIH: Int  // [GH][D]
    let weightHH: Int  // [GH][H]
    let biasIH: Int  // [GH]
    let biasHH: Int  // [GH]

    /// The weights of the sums that input and hidden side form together, and of those kept apart.
    private let together: PackedWeights
    private let apart: PackedWeights?
    /// The hidden weights as the backward products want them.
    private let packedHH: PackedMatrix  // [GH][H]
    /// The same for each input; none for pixels, which need no gradient.
    let packedIH: [PackedMatrix]  // [GH][D of the input]
    /// Where the gradient by the first layer's input weights is made on its side, if it is narrow.
    let transposedGradientIH: SpreadMatrix?  // [D][GH]
    /// What sums begin with: both biases, or one where input and hidden side are kept apart, those of
    /// the hidden side last.
    private let biases: FloatBuffer

    init(
        layer: Int, isReverse: Bool, of architecture: Architecture, layout: ParameterLayout,
        capacity: Int, kernels: any KernelSet.Type
    ) {
        self.kernels = kernels
        self.isReverse = isReverse
        times = architecture.timesInUse(ofLayer: layer, isReverse: isReverse)
        order = isReverse ? times.reversed() : Array(times)
        hiddenSize = architecture.hiddenSize
        inputSize = architecture.inputWidths(ofLayer: layer).reduce(0, +)
        columns = architecture.cell.gates * hiddenSize
        columnsTogether = architecture.cell.firstGateApart * hiddenSize
        cell = makeCell(architecture, capacity: capacity, kernels: kernels)
        beginning = Beginning(
            makeCell(architecture, capacity: 1, kernels: kernels),
            timeSteps: architecture.timeSteps, kernels: kernels)
        handedOn = zip(beginning.cell.states, cell.states).map { (from: $0, to: $1) }
        let suffix = ParameterLayout.suffix(layer: layer, isReverse: isReverse)
        weightIH = layout.offset(of: "rnn.weight_ih_\(suffix)")
        weightHH = layout.offset(of: "rnn.weight_hh_\(suffix)")
        biasIH = layout.offset(of: "rnn.bias_ih_\(suffix)")
        biasHH = layout.offset(of: "rnn.bias_hh_\(suffix)")
        together = PackedWeights(
            of: 0..<columnsTogether, inputSize: inputSize, hiddenSize: hiddenSize, kernels: kernels)
        apart =
            columnsTogether == columns
            ? nil
            : PackedWeights(
                of: columnsTogether..<columns, inputSize: inputSize, hiddenSize: hiddenSize,
                kernels: kernels)
        packedHH = PackedMatrix(rows: columns, columns: hiddenSize, kernels: kernels)
        let readsPixels = layer == 0 && architecture.convolutions.isEmpty
        packedIH = (readsPixels ? [] : architecture.inputWidths(ofLayer: layer)).map { [columns] in
            PackedMatrix(rows: columns, columns: $0, kernels: kernels)
        }
        let gradientIH = ProductShape(rows: columns, columns: inputSize, depth: 1)
        transposedGradientIH =
            layer == 0 && gradientIH.isNarrow
            ? SpreadMatrix(rows: inputSize, columns: columns) : nil
        biases = FloatBuffer(count: 2 * columns - columnsTogether)
    }

    /// Takes over new parameters: packs the weights for the products.
    func load(_ parameters: FloatBuffer) {
        beginning.reset()
        let inputSide = parameters.matrix(at: weightIH, stride: inputSize)
        let hiddenSide = parameters.matrix(at: weightHH, stride: hiddenSize)
        together.pack(inputSide: inputSide, hiddenSide: hiddenSide)
        apart?.pack(inputSide: inputSide, hiddenSide: hiddenSide)
        packedHH.pack(hiddenSide)
        var column = 0
        for weights in packedIH {
            weights.pack(inputSide.dropping(columns: column))
            column += weights.columns
        }
        biases.zero()
        let sum = biases.vector(count: columnsTogether)
        kernels.copy(parameters.vector(at: biasIH, count: columnsTogether), into: sum)
        kernels.add(parameters.vector(at: biasHH, count: columnsTogether), into: sum)
        let rest = columns - columnsTogether
        for (offset, bias) in [(columnsTogether, biasIH), (columns, biasHH)] {
            kernels.add(
                parameters.vector(at: bias + columnsTogether, count: rest),
                into: biases.vector(at: offset, count: rest))
        }
    }

    // MARK: - Forward and backward

    /// The first time steps, in which all rows read nothing but zeros: one row makes them for all.
    func sharedSteps(_ margins: Margins) -> Int {
        let blank = order.prefix { margins.occupied[$0].isEmpty }
        // What comes out of the layer at the end is each row's own.
        return min(blank.count, order.count - 1)
    }

    /// Computes the hidden states from sequences of D values in all.
    func forward(_ inputs: [SequenceBuffer], rows: Int, margins: Margins) {
        let shared = sharedSteps(margins)
        var previous: Int?
        for (index, time) in order.prefix(shared).enumerated() {
            beginning.provide(index, at: time) {
                formSums(
                    of: beginning.cell, inputs, margins, previous, time, rows: 1, inputRows: rows)
                beginning.cell.forward(at: time, previous: previous, rows: 1)
            }
            for (from, to) in handedOn {
                kernels.fillRows(
                    to.step(time, rows: rows), rows: rows, with: from.vector(time, rows: 1))
            }
            previous = time
        }
        for time in order.dropFirst(shared) {
            formSums(of: cell, inputs, margins, previous, time, rows: rows, inputRows: rows)
            cell.forward(at: time, previous: previous, rows: rows)
            previous = time
        }
    }

    /// Turns the cell's gradient by hidden states into that by sums, the last step read first.
    func backward(rows: Int, margins: Margins) {
        let shared = sharedSteps(margins)
        cell.beginBackward(rows: rows)
        for index in order.indices.dropFirst(shared).reversed() {
            backward(cell, at: index, rows)
        }
        beginning.gatherGradients(of: cell, at: order.prefix(shared), rows: rows)
        for index in order.indices.prefix(shared).reversed() {
            backward(beginning.cell, at: index, 1)
        }
    }

    private func backward(_ cell: any RecurrentCell, at index: Int, _ rows: Int) {
        let previous = index > 0 ? order[index - 1] : nil
        cell.backward(at: order[index], previous: previous, rows: rows)
        if let previous { carryBack(cell, order[index], to: previous, rows) }
    }

    /// Forms a time step's sums: the biases, then the input side, then the hidden side, in one chain.
    private func formSums(
        of cell: any RecurrentCell, _ inputs: [SequenceBuffer], _ margins: Margins,
        _ previous: Int?, _ time: Int, rows: Int, inputRows: Int
    ) {
        func inputTerms(_ weights: PackedWeights) -> (first: ProductTerms, second: ProductTerms?) {
            let width = inputs[0].width
            let first = weights.terms(
                inputs[0].step(time, rows: inputRows),
                margins.occupied[time].clamped(to: 0..<width), firstColumn: 0)
            guard inputs.count > 1 else { return (first, nil) }
            let second = weights.terms(
                inputs[1].step(time, rows: inputRows), 0..<inputs[1].width, firstColumn: width)
            return (first, second)
        }
        let sums = cell.sums.step(time, rows: rows)
        let before = cell.hidden.step(previous ?? 0, rows: rows)
        let hidden = together.terms(hidden: before, isEmpty: previous == nil)
        let input = inputTerms(together)
        let bias = biases.vector(count: columnsTogether)
        kernels.multiply(
            input.first, plus: input.second ?? hidden, onto: bias, into: sums, rows: rows)
        if input.second != nil {
            kernels.multiply(
                hidden, plus: nil, into: sums, rows: rows, columns: columnsTogether,
                accumulates: true)
        }
        guard let apart, let sumsApart = cell.sumsApart else { return }
        let inputApart = inputTerms(apart)
        kernels.multiply(
            inputApart.first, plus: inputApart.second,
            onto: biases.vector(at: columnsTogether, count: sumsApart.width),
            into: sums.dropping(columns: columnsTogether), rows: rows)
        let hiddenApart = apart.terms(hidden: before, isEmpty: previous == nil)
        kernels.multiply(
            hiddenApart, plus: nil,
            onto: biases.vector(at: columns, count: sumsApart.width),
            into: sumsApart.step(time, rows: rows), rows: rows)
    }

    private func carryBack(
        _ cell: any RecurrentCell, _ time: Int, to previous: Int, _ rows: Int
    ) {
        let terms = ProductTerms(
            cell.sumGradients.step(time, rows: rows), packedHH, depth: columnsTogether)
        let termsApart = cell.sumsApart.map {
            ProductTerms(
                $0.step(time, rows: rows), packedHH, from: columnsTogether, depth: $0.width)
        }
        kernels.multiply(
            terms, plus: termsApart, into: cell.gradient.step(previous, rows: rows),
            rows: rows, columns: hiddenSize, accumulates: true)
    }
}

private func makeCell(
    _ architecture: Architecture, capacity: Int, kernels: any KernelSet.Type
) -> any RecurrentCell {
    switch architecture.cell {
    case .rnn: ElmanCell(architecture, capacity: capacity, kernels: kernels)
    case .lstm: LSTMCell(architecture, capacity: capacity, kernels: kernels)
    case .gru: GRUCell(architecture, capacity: capacity, kernels: kernels)
    }
}
