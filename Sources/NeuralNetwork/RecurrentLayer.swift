import Kernels

/// A recurrent layer over whole sequences in one direction, with PyTorch's parameters.
///
/// Its inputs are sequences side by side, such as the two directions of the layer below: their
/// columns follow one another in the input weights, and in the chain of each sum. Shapes: N rows
/// (examples), L time steps, D input values, H hidden values, G gates.
struct RecurrentLayer {
    let cell: any RecurrentCell
    private let kernels: any KernelSet.Type
    /// The time steps that are computed.
    private let times: Range<Int>
    private let hiddenSize: Int
    private let inputSize: Int
    private let isReverse: Bool
    /// Those time steps in the direction of reading.
    private let order: [Int]
    /// The columns of all gates' sums, and of those that hold input and hidden side together.
    private let columns: Int
    private let columnsTogether: Int

    // Where this layer's tensors begin in the flat buffers of parameters and of gradients.
    private let weightIH: Int  // [GH][D]
    private let weightHH: Int  // [GH][H]
    private let biasIH: Int  // [GH]
    private let biasHH: Int  // [GH]

    // The weights as the forward products want them: one row an input value.
    private let transposedIH: FloatBuffer  // [D][GH]
    private let transposedHH: FloatBuffer  // [H][GH]
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
        cell =
            switch architecture.cell {
            case .rnn: ElmanCell(architecture, capacity: capacity, kernels: kernels)
            case .lstm: LSTMCell(architecture, capacity: capacity, kernels: kernels)
            case .gru: GRUCell(architecture, capacity: capacity, kernels: kernels)
            }
        let suffix = ParameterLayout.suffix(layer: layer, isReverse: isReverse)
        weightIH = layout.offset(of: "rnn.weight_ih_\(suffix)")
        weightHH = layout.offset(of: "rnn.weight_hh_\(suffix)")
        biasIH = layout.offset(of: "rnn.bias_ih_\(suffix)")
        biasHH = layout.offset(of: "rnn.bias_hh_\(suffix)")
        transposedIH = FloatBuffer(count: inputSize * columns)
        transposedHH = FloatBuffer(count: hiddenSize * columns)
        biases = FloatBuffer(count: 2 * columns - columnsTogether)
    }

    /// Takes over new parameters: lays out the weights for the forward products.
    func load(_ parameters: FloatBuffer) {
        kernels.transpose(
            parameters.matrix(at: weightIH, stride: inputSize),
            into: transposedIH.matrix(stride: columns), rows: columns, columns: inputSize)
        kernels.transpose(
            parameters.matrix(at: weightHH, stride: hiddenSize),
            into: transposedHH.matrix(stride: columns), rows: columns, columns: hiddenSize)
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

    /// Computes the hidden states from sequences of D values in all.
    func forward(_ inputs: [SequenceBuffer], rows: Int) {
        var previous: Int?
        for time in order {
            formSums(inputs, previous, time, rows)
            cell.forward(at: time, previous: previous, rows: rows)
            previous = time
        }
    }

    /// Turns the cell's gradient by hidden states into that by sums, the last step read first.
    func backward(parameters: FloatBuffer, rows: Int) {
        cell.beginBackward(rows: rows)
        for index in order.indices.reversed() {
            let previous = index > 0 ? order[index - 1] : nil
            cell.backward(at: order[index], previous: previous, rows: rows)
            if let previous { carryBack(order[index], to: previous, parameters, rows) }
        }
    }

    /// Forms a time step's sums: the biases, then the input side, then the hidden side, in one chain.
    private func formSums(_ inputs: [SequenceBuffer], _ previous: Int?, _ time: Int, _ rows: Int) {
        let sums = cell.sums.step(time, rows: rows)
        let input = inputTerms(inputs[0], time, firstColumn: 0, rows)
        let hidden = hiddenTerms(previous, rows)
        if inputs.count == 1 {
            kernels.multiply(
                input, plus: hidden, onto: biases.vector(count: columnsTogether), into: sums,
                rows: rows)
        } else {
            let second = inputTerms(inputs[1], time, firstColumn: inputs[0].width, rows)
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

    /// The product of an input with the input weights from the row `firstColumn` of theirs on.
    private func inputTerms(
        _ input: SequenceBuffer, _ time: Int, firstColumn: Int, _ rows: Int
    ) -> ProductTerms {
        ProductTerms(
            input.step(time, rows: rows),
            transposedIH.matrix(at: firstColumn * columns, stride: columns), depth: input.width)
    }

    /// The product of the hidden states before with the hidden weights; nothing at the start.
    private func hiddenTerms(_ previous: Int?, _ rows: Int) -> ProductTerms {
        ProductTerms(
            cell.hidden.step(previous ?? 0, rows: rows), transposedHH.matrix(stride: columns),
            depth: previous == nil ? 0 : hiddenSize)
    }

    private func carryBack(_ time: Int, to previous: Int, _ parameters: FloatBuffer, _ rows: Int) {
        let weights = parameters.matrix(at: weightHH, stride: hiddenSize)
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

// MARK: - Gradients by what is outside the layer

extension RecurrentLayer {
    /// Writes, or adds, the gradient by this layer's inputs into sequences of the same widths.
    func backwardInputs(
        into targets: [SequenceBuffer], parameters: FloatBuffer, rows: Int, accumulates: Bool
    ) {
        var column = 0
        for target in targets {
            kernels.multiply(
                cell.sumGradients.step(times.lowerBound, rows: rows),
                parameters.matrix(at: weightIH + column, stride: inputSize),
                into: target.step(times.lowerBound, rows: rows),
                ProductShape(
                    rows: times.count * rows, columns: target.width, depth: columns,
                    accumulates: accumulates))
            column += target.width
        }
    }

    /// Adds the parameter gradients of the examples in `part` of the `rows` to `gradients`.
    ///
    /// One product a weight matrix runs over the time steps and the part's examples, in this order.
    func addParameterGradients(
        of part: Range<Int>, inputs: [SequenceBuffer], rows: Int, to gradients: FloatBuffer,
        isFirst: Bool
    ) {
        let sums = examples(part, of: cell.sumGradients, at: times.lowerBound, rows)
        var shape = ProductShape(
            rows: columns, columns: 0, depth: part.count, accumulates: !isFirst)
        shape.segments = times.count
        shape.aSegmentStride = rows * columns
        var column = 0
        for input in inputs {
            shape.columns = input.width
            shape.bSegmentStride = rows * input.width
            kernels.multiply(
                sums.transposed, examples(part, of: input, at: times.lowerBound, rows),
                into: gradients.matrix(at: weightIH + column, stride: inputSize), shape)
            column += input.width
        }
        kernels.addRows(sums, into: gradients.vector(at: biasIH, count: columns), shape)

        // Sums that input and hidden side form together have the same gradient by either's bias.
        kernels.copy(
            gradients.vector(at: biasIH, count: columnsTogether),
            into: gradients.vector(at: biasHH, count: columnsTogether))

        addHiddenGradients(
            cell.sumGradients, count: columnsTogether, firstRow: 0, part, rows, gradients, isFirst)
        guard let apart = cell.sumsApart else { return }
        let steps = examples(part, of: apart, at: times.lowerBound, rows)
        shape.aSegmentStride = rows * apart.width
        kernels.addRows(
            steps, into: gradients.vector(at: biasHH + columnsTogether, count: apart.width), shape)
        addHiddenGradients(
            apart, count: apart.width, firstRow: columnsTogether, part, rows, gradients, isFirst)
    }

    /// Adds the gradients of `count` rows of the hidden weights.
    private func addHiddenGradients(
        _ sums: SequenceBuffer, count: Int, firstRow: Int, _ part: Range<Int>, _ rows: Int,
        _ gradients: FloatBuffer, _ isFirst: Bool
    ) {
        var shape = ProductShape(
            rows: count, columns: hiddenSize, depth: part.count, accumulates: !isFirst)
        // The first step read has no hidden state before it; each other's lies one step beside it.
        shape.segments = times.count - 1
        shape.aSegmentStride = rows * sums.width
        shape.bSegmentStride = rows * hiddenSize
        let later = times.lowerBound + 1
        let steps = examples(part, of: sums, at: isReverse ? times.lowerBound : later, rows)
        let before = examples(
            part, of: cell.hidden, at: isReverse ? later : times.lowerBound, rows)
        kernels.multiply(
            steps.transposed, before,
            into: gradients.matrix(at: weightHH + firstRow * hiddenSize, stride: hiddenSize), shape)
    }

    /// The rows of the examples in `part` from a time step on.
    private func examples(
        _ part: Range<Int>, of sequence: SequenceBuffer, at time: Int, _ rows: Int
    ) -> Matrix {
        sequence.step(time, rows: rows).dropping(rows: part.lowerBound)
    }
}
