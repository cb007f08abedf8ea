import Kernels

/// A recurrent layer over whole sequences in one direction, with PyTorch's parameters.
///
/// Its inputs are sequences side by side, such as the two directions of the layer below. Their
/// columns follow one another in the input weights, and in the chain of each preactivation. Shapes:
/// N rows (examples), L time steps, D input values, H hidden values, G gates.
struct RecurrentLayer {
    let layer: Int
    let cell: any RecurrentCell
    /// The leading steps in which one row stands for a group, whose rows are in the same states.
    let prefix: SharedPrefix
    /// The states of the prefix, and where to copy them in the rows' cell.
    private let handedOn: [(from: SequenceBuffer, to: SequenceBuffer)]
    let kernels: any KernelSet.Type
    /// The time steps that are computed.
    let times: Range<Int>
    let hiddenSize: Int
    let inputSize: Int
    let isReverse: Bool
    /// The computed time steps, in reading direction.
    private let order: [Int]
    /// The columns of all preactivations, and of those with input and hidden side in one sum.
    let columns: Int
    let fusedColumns: Int

    // Where this layer's tensors begin in the flat buffers of parameters and of gradients.
    let weightIH: Int  // [GH][D]
    let weightHH: Int  // [GH][H]
    let biasIH: Int  // [GH]
    let biasHH: Int  // [GH]

    /// The weights of the fused preactivations, and of those that keep the two sides separate.
    private let fused: PackedWeights
    private let separate: PackedWeights?
    /// The hidden weights, packed for the backward products.
    private let packedHH: PackedMatrix  // [GH][H]
    /// The same for the weights of each input; empty for pixels, which need no gradient.
    let packedIH: [PackedMatrix]  // [GH][D of the input]
    /// Scratch for the transposed gradient of the first layer's input weights, if it is narrow.
    let transposedGradientIH: PaddedMatrix?  // [D][GH]
    /// The preactivations' initial values: the sum of both biases, or one bias per side if the
    /// sides are separate, the hidden side's last.
    private let biases: FloatBuffer

    init(
        layer: Int, isReverse: Bool, of architecture: Architecture, layout: ParameterLayout,
        capacity: Int, groups: Int, kernels: any KernelSet.Type
    ) {
        self.kernels = kernels
        self.isReverse = isReverse
        self.layer = layer
        times = architecture.timesInUse(ofLayer: layer, isReverse: isReverse)
        order = isReverse ? times.reversed() : Array(times)
        hiddenSize = architecture.hiddenSize
        inputSize = architecture.inputWidths(ofLayer: layer).reduce(0, +)
        columns = architecture.cell.gates * hiddenSize
        fusedColumns = architecture.cell.firstSeparateGate * hiddenSize
        cell = makeCell(architecture, capacity: capacity, kernels: kernels)
        prefix = SharedPrefix(
            makeCell(architecture, capacity: groups, kernels: kernels), groups: groups,
            timeSteps: architecture.timeSteps, kernels: kernels)
        handedOn = zip(prefix.cell.states, cell.states).map { (from: $0, to: $1) }
        let suffix = ParameterLayout.suffix(layer: layer, isReverse: isReverse)
        weightIH = layout.offset(of: "rnn.weight_ih_\(suffix)")
        weightHH = layout.offset(of: "rnn.weight_hh_\(suffix)")
        biasIH = layout.offset(of: "rnn.bias_ih_\(suffix)")
        biasHH = layout.offset(of: "rnn.bias_hh_\(suffix)")
        fused = PackedWeights(
            of: 0..<fusedColumns, inputSize: inputSize, hiddenSize: hiddenSize, kernels: kernels)
        separate =
            fusedColumns == columns
            ? nil
            : PackedWeights(
                of: fusedColumns..<columns, inputSize: inputSize, hiddenSize: hiddenSize,
                kernels: kernels)
        packedHH = PackedMatrix(rows: columns, columns: hiddenSize, kernels: kernels)
        let readsPixels = layer == 0 && architecture.convolutions.isEmpty
        packedIH = (readsPixels ? [] : architecture.inputWidths(ofLayer: layer)).map { [columns] in
            PackedMatrix(rows: columns, columns: $0, kernels: kernels)
        }
        let gradientIH = ProductShape(rows: columns, columns: inputSize, depth: 1)
        transposedGradientIH =
            layer == 0 && gradientIH.isNarrow
            ? PaddedMatrix(rows: inputSize, columns: columns) : nil
        biases = FloatBuffer(count: 2 * columns - fusedColumns)
    }

    /// Loads new parameters: packs the weights for the products.
    func load(_ parameters: Vector) {
        prefix.reset()
        let inputSide = parameters.matrix(at: weightIH, stride: inputSize)
        let hiddenSide = parameters.matrix(at: weightHH, stride: hiddenSize)
        fused.pack(inputSide: inputSide, hiddenSide: hiddenSide)
        separate?.pack(inputSide: inputSide, hiddenSide: hiddenSide)
        packedHH.pack(hiddenSide)
        var column = 0
        for weights in packedIH {
            weights.pack(inputSide.dropping(columns: column))
            column += weights.columns
        }
        biases.zero()
        let sum = biases.vector(count: fusedColumns)
        kernels.copy(parameters.vector(at: biasIH, count: fusedColumns), into: sum)
        kernels.add(parameters.vector(at: biasHH, count: fusedColumns), into: sum)
        let rest = columns - fusedColumns
        for (offset, bias) in [(fusedColumns, biasIH), (columns, biasHH)] {
            kernels.add(
                parameters.vector(at: bias + fusedColumns, count: rest),
                into: biases.vector(at: offset, count: rest))
        }
    }

    /// Whether the inputs are those of the network, in which columns and time steps may be blank.
    private var readsExamples: Bool { layer == 0 }

    // MARK: - Forward and backward

    /// The number of leading time steps in which all rows of a group read only zeros: one row
    /// computes them for all.
    func sharedSteps(_ group: RowGroups.Group) -> Int {
        guard readsExamples else { return 0 }
        // The last step's output must be each row's own.
        return min(isReverse ? group.blanks.trailing : group.blanks.leading, order.count - 1)
    }

    /// The number of time steps that any group shares.
    private func sharedSteps(ofAny groups: ArraySlice<RowGroups.Group>) -> Int {
        groups.reduce(0) { max($0, sharedSteps($1)) }
    }

    /// The rows from the first to the last group that computes a time step row by row.
    ///
    /// Groups between them that still share the step are computed too: one product reads the
    /// weights once, and their states are overwritten.
    private func ownRows(
        _ groups: ArraySlice<RowGroups.Group>, at index: Int, of rows: Int
    ) -> RowRange? {
        guard let first = groups.first(where: { sharedSteps($0) <= index }),
            let last = groups.last(where: { sharedSteps($0) <= index })
        else { return nil }
        return RowRange(first.rows.lowerBound..<last.rows.upperBound, of: rows)
    }

    /// Computes the hidden states from sequences of D values in total.
    func forward(_ inputs: [SequenceBuffer], rows: Int, groups: ArraySlice<RowGroups.Group>) {
        let shared = sharedSteps(ofAny: groups)
        var previous: Int?
        for (index, time) in order.enumerated() {
            if index < shared { provideSharedStep(index, previous, inputs, of: rows) }
            if let own = ownRows(groups, at: index, of: rows) {
                computePreactivations(
                    of: cell, inputs, own, occupiedColumns(groups, at: time), previous, time, own)
                cell.forward(at: time, previous: previous, rows: own)
            }
            if index < shared { handOn(index, to: groups, of: rows) }
            previous = time
        }
    }

    /// Provides the states of a time step that groups share, which read nothing but zeros.
    private func provideSharedStep(
        _ index: Int, _ previous: Int?, _ inputs: [SequenceBuffer], of rows: Int
    ) {
        let time = order[index]
        prefix.provide(index, at: time) {
            computePreactivations(
                of: prefix.cell, inputs, RowRange(0..<0, of: rows), 0..<0, previous, time,
                prefix.rows)
            prefix.cell.forward(at: time, previous: previous, rows: prefix.rows)
        }
    }

    /// Copies a shared time step's states to the rows of the groups that share it.
    private func handOn(_ index: Int, to groups: ArraySlice<RowGroups.Group>, of rows: Int) {
        let time = order[index]
        for group in groups where sharedSteps(group) > index {
            let target = RowRange(group.rows, of: rows)
            for (from, to) in handedOn {
                kernels.fillRows(
                    to.step(time, target), rows: target.count,
                    with: from.row(0, of: prefix.rows.count, at: time))
            }
        }
    }

    /// The columns outside which the rows of all groups are zero in a time step.
    private func occupiedColumns(
        _ groups: ArraySlice<RowGroups.Group>, at time: Int
    ) -> Range<Int> {
        guard readsExamples else { return 0..<inputSize }
        return groups.reduce(0..<0) { union, group in
            let occupied = group.blanks.occupied[time]
            if union.isEmpty || occupied.isEmpty { return union.isEmpty ? occupied : union }
            return min(
                union.lowerBound, occupied.lowerBound)..<max(
                    union.upperBound, occupied.upperBound)
        }
    }

    /// Turns the hidden states' gradient into that of the preactivations, from the last step read.
    func backward(rows: Int, groups: ArraySlice<RowGroups.Group>) {
        let shared = sharedSteps(ofAny: groups)
        cell.beginBackward(rows: rows)
        if shared > 0 { prefix.beginBackward(at: order.prefix(shared)) }
        for index in order.indices.reversed() {
            if let own = ownRows(groups, at: index, of: rows) { backward(cell, at: index, own) }
            if index < shared { backward(prefix.cell, at: index, prefix.rows) }
            // After the prefix's own step, which also takes the rows of groups that begin below it.
            for (number, group) in groups.enumerated()
            where index > 0 && sharedSteps(group) == index {
                prefix.gatherGradients(
                    of: cell, at: order.prefix(index), rows: RowRange(group.rows, of: rows),
                    group: number)
            }
        }
    }

    private func backward(_ cell: any RecurrentCell, at index: Int, _ rows: RowRange) {
        let previous = index > 0 ? order[index - 1] : nil
        cell.backward(at: order[index], previous: previous, rows: rows)
        if let previous { carryBack(cell, order[index], to: previous, rows) }
    }

    /// Computes a time step's preactivations: biases, then input side, then hidden side, in one chain.
    ///
    /// The `occupied` columns of `inputRows` are what is read of the first input.
    private func computePreactivations(
        of cell: any RecurrentCell, _ inputs: [SequenceBuffer], _ inputRows: RowRange,
        _ occupied: Range<Int>, _ previous: Int?, _ time: Int, _ rows: RowRange
    ) {
        func inputTerms(_ weights: PackedWeights) -> (first: ProductTerms, second: ProductTerms?) {
            let width = inputs[0].width
            let first = weights.terms(
                inputs[0].step(time, inputRows), occupied.clamped(to: 0..<width), firstColumn: 0)
            guard inputs.count > 1 else { return (first, nil) }
            let second = weights.terms(
                inputs[1].step(time, inputRows), 0..<inputs[1].width, firstColumn: width)
            return (first, second)
        }
        let preactivations = cell.preactivations.step(time, rows)
        let before = cell.hidden.step(previous ?? 0, rows)
        let hidden = fused.terms(hidden: before, isEmpty: previous == nil)
        let input = inputTerms(fused)
        let bias = biases.vector(count: fusedColumns)
        kernels.multiply(
            input.first, plus: input.second ?? hidden, onto: bias, into: preactivations,
            rows: rows.count)
        if input.second != nil {
            kernels.multiply(
                hidden, plus: nil, into: preactivations, rows: rows.count, columns: fusedColumns,
                accumulates: true)
        }
        guard let separate, let hiddenPreactivations = cell.hiddenPreactivations else { return }
        let separateInput = inputTerms(separate)
        kernels.multiply(
            separateInput.first, plus: separateInput.second,
            onto: biases.vector(at: fusedColumns, count: hiddenPreactivations.width),
            into: preactivations.dropping(columns: fusedColumns), rows: rows.count)
        let separateHidden = separate.terms(hidden: before, isEmpty: previous == nil)
        kernels.multiply(
            separateHidden, plus: nil,
            onto: biases.vector(at: columns, count: hiddenPreactivations.width),
            into: hiddenPreactivations.step(time, rows), rows: rows.count)
    }

    private func carryBack(
        _ cell: any RecurrentCell, _ time: Int, to previous: Int, _ rows: RowRange
    ) {
        let terms = ProductTerms(
            cell.preactivationGradients.step(time, rows), packedHH, depth: fusedColumns)
        let separateTerms = cell.hiddenPreactivations.map {
            ProductTerms($0.step(time, rows), packedHH, from: fusedColumns, depth: $0.width)
        }
        kernels.multiply(
            terms, plus: separateTerms, into: cell.gradient.step(previous, rows),
            rows: rows.count, columns: hiddenSize, accumulates: true)
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
