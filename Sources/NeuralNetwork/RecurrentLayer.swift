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

    // The weights as the forward products want them: one row an input value.
    private let transposedIH: SpreadMatrix  // [D][GH]
    private let transposedHH: SpreadMatrix  // [H][GH]
    /// The hidden weights as the backward products want them.
    private let spreadHH: SpreadMatrix  // [GH][H]
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
        transposedIH = SpreadMatrix(rows: inputSize, columns: columns)
        transposedHH = SpreadMatrix(rows: hiddenSize, columns: columns)
        spreadHH = SpreadMatrix(rows: columns, columns: hiddenSize)
        let gradientIH = ProductShape(rows: columns, columns: inputSize, depth: 1)
        transposedGradientIH =
            layer == 0 && gradientIH.isNarrow
            ? SpreadMatrix(rows: inputSize, columns: columns) : nil
        biases = FloatBuffer(count: 2 * columns - columnsTogether)
    }

    /// Takes over new parameters: lays out the weights for the forward products.
    func load(_ parameters: FloatBuffer) {
        beginning.reset()
        kernels.transpose(
            parameters.matrix(at: weightIH, stride: inputSize),
            into: transposedIH.rows(), rows: columns, columns: inputSize)
        kernels.transpose(
            parameters.matrix(at: weightHH, stride: hiddenSize),
            into: transposedHH.rows(), rows: columns, columns: hiddenSize)
        for row in 0..<columns {
            kernels.copy(
                parameters.vector(at: weightHH + row * hiddenSize, count: hiddenSize),
                into: spreadHH.row(row))
        }
        biases.zero()
        let together = biases.vector(count: columnsTogether)
        kernels.copy(parameters.vector(at: biasIH, count: columnsTogether), into: together)
        kernels.add(parameters.vector(at: biasHH, count: columnsTogether), into: together)
        let apart = columns - columnsTogether
        for (offset, bias) in [(columnsTogether, biasIH), (columns, biasHH)] {
            kernels.add(
                parameters.vector(at: bias + columnsTogether, count: apart),
                into: biases.vector(at: offset, count: apart))
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
        let sums = cell.sums.step(time, rows: rows)
        let occupied = margins.occupied[time].clamped(to: 0..<inputs[0].width)
        let input = inputTerms(inputs[0], time, occupied, firstColumn: 0, inputRows)
        let hidden = hiddenTerms(cell, previous, rows)
        if inputs.count == 1 {
            kernels.multiply(
                input, plus: hidden, onto: biases.vector(count: columnsTogether), into: sums,
                rows: rows)
        } else {
            let width = inputs[1].width
            let second = inputTerms(
                inputs[1], time, 0..<width, firstColumn: inputs[0].width, inputRows)
            kernels.multiply(
                input, plus: second, onto: biases.vector(count: columns), into: sums, rows: rows)
            kernels.multiply(
                hidden.a, hidden.b, into: sums,
                ProductShape(
                    rows: rows, columns: columnsTogether, depth: hidden.depth, accumulates: true))
        }
        guard let apart = cell.sumsApart else { return }
        if inputs.count == 1 {
            kernels.multiply(
                input.dropping(columns: columnsTogether), plus: input.empty,
                onto: biases.vector(at: columnsTogether, count: apart.width),
                into: sums.dropping(columns: columnsTogether), rows: rows)
        }
        kernels.multiply(
            hidden.dropping(columns: columnsTogether), plus: hidden.empty,
            onto: biases.vector(at: columns, count: apart.width),
            into: apart.step(time, rows: rows), rows: rows)
    }

    /// The product of columns of an input, the first of which is the layer's `firstColumn`, with the
    /// input weights.
    private func inputTerms(
        _ input: SequenceBuffer, _ time: Int, _ columns: Range<Int>, firstColumn: Int, _ rows: Int
    ) -> ProductTerms {
        let first = columns.lowerBound
        return ProductTerms(
            input.step(time, rows: rows).dropping(columns: first),
            transposedIH.rows(from: firstColumn + first), depth: columns.count)
    }

    /// The product of the hidden states before with the hidden weights; nothing at the start.
    private func hiddenTerms(
        _ cell: any RecurrentCell, _ previous: Int?, _ rows: Int
    ) -> ProductTerms {
        ProductTerms(
            cell.hidden.step(previous ?? 0, rows: rows), transposedHH.rows(),
            depth: previous == nil ? 0 : hiddenSize)
    }

    private func carryBack(
        _ cell: any RecurrentCell, _ time: Int, to previous: Int, _ rows: Int
    ) {
        let weights = spreadHH.rows()
        let target = cell.gradient.step(previous, rows: rows)
        var shape = ProductShape(
            rows: rows, columns: hiddenSize, depth: columnsTogether, accumulates: true)
        kernels.multiply(cell.sumGradients.step(time, rows: rows), weights, into: target, shape)
        guard let apart = cell.sumsApart else { return }
        shape.depth = apart.width
        kernels.multiply(
            apart.step(time, rows: rows), weights.dropping(rows: columnsTogether), into: target,
            shape)
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
