import Kernels

// Gradients with respect to the layer's inputs and parameters.

extension RecurrentLayer {
    /// Writes, or adds, the gradient with respect to this layer's inputs.
    ///
    /// The targets are as wide as the inputs. The rows must not have shared steps in this pass.
    func backwardInputs(into targets: [SequenceBuffer], rows: Int, accumulates: Bool) {
        for (target, weights) in zip(targets, packedIH) {
            let terms = ProductTerms(
                cell.preactivationGradients.step(times.lowerBound, rows: rows), weights,
                depth: columns)
            kernels.multiply(
                terms, plus: nil, into: target.step(times.lowerBound, rows: rows),
                rows: times.count * rows, columns: target.width, accumulates: accumulates)
        }
    }

    /// Adds the parameter gradients of the examples in `part` of the `rows` to `gradients`.
    ///
    /// One product per weight matrix runs over the time steps and the part's examples, in this
    /// order. Shared steps come first; the part is then a whole group.
    func addParameterGradients(
        of part: Range<Int>, group: Int, _ groups: RowGroups, inputs: [SequenceBuffer], rows: Int,
        to gradients: FloatBuffer, isFirst: Bool
    ) {
        let ranges = timeRanges(of: part, group: group, groups, rows: rows)
        if let transposedGradientIH {
            addInputGradients(
                through: transposedGradientIH, of: ranges.rest, inputs[0], groups[group].blanks,
                to: gradients.matrix(at: weightIH, stride: inputSize), isFirst)
        } else {
            addInputGradients(of: ranges.rest, inputs, to: gradients, isFirst)
        }
        addHiddenGradients(
            of: (prefix.cell.preactivationGradients, cell.preactivationGradients), over: ranges,
            weights: gradients.matrix(at: weightHH, stride: hiddenSize), fusedColumns, isFirst)
        if let first = prefix.cell.hiddenPreactivations, let rest = cell.hiddenPreactivations {
            addHiddenGradients(
                of: (first, rest), over: ranges,
                weights: gradients.matrix(
                    at: weightHH + fusedColumns * hiddenSize, stride: hiddenSize),
                rest.width, isFirst)
        }
        addBiasGradients(over: ranges, to: gradients, isFirst)
    }

    /// Adds the bias gradients of the examples in `part` of the `rows` to `gradients`.
    func addBiasGradients(
        of part: Range<Int>, group: Int, _ groups: RowGroups, rows: Int,
        to gradients: FloatBuffer, isFirst: Bool
    ) {
        addBiasGradients(
            over: timeRanges(of: part, group: group, groups, rows: rows), to: gradients, isFirst)
    }

    private func addBiasGradients(
        over ranges: (first: TimeRange, rest: TimeRange), to gradients: FloatBuffer,
        _ isFirst: Bool
    ) {
        addSums(
            of: (prefix.cell.preactivationGradients, cell.preactivationGradients), over: ranges,
            to: gradients.vector(at: biasIH, count: columns), isFirst)
        // Fused preactivations have the same gradient with respect to either bias.
        kernels.copy(
            gradients.vector(at: biasIH, count: fusedColumns),
            into: gradients.vector(at: biasHH, count: fusedColumns))
        guard let first = prefix.cell.hiddenPreactivations, let rest = cell.hiddenPreactivations
        else { return }
        addSums(
            of: (first, rest), over: ranges,
            to: gradients.vector(at: biasHH + fusedColumns, count: rest.width), isFirst)
    }

    /// The time steps that a part shares with the rest of its group, and those of its own.
    func timeRanges(
        of part: Range<Int>, group: Int, _ groups: RowGroups, rows: Int
    ) -> (first: TimeRange, rest: TimeRange) {
        let shared = sharedSteps(groups[group])
        precondition(
            shared == 0 || part == groups[group].rows, "rows that share steps have one gradient")
        return (
            first: TimeRange(
                cell: prefix.cell,
                times: isReverse ? times.suffix(shared) : times.prefix(shared),
                part: group..<group + 1, rows: prefix.rows.count),
            rest: TimeRange(
                cell: cell,
                times: isReverse ? times.dropLast(shared) : times.dropFirst(shared), part: part,
                rows: rows)
        )
    }

    /// Adds the gradients with respect to `count` rows of hidden weights, given those of their
    /// preactivations.
    private func addHiddenGradients(
        of preactivations: (first: SequenceBuffer, rest: SequenceBuffer),
        over ranges: (first: TimeRange, rest: TimeRange), weights: Matrix, _ count: Int,
        _ isFirst: Bool
    ) {
        kernels.multiply(
            hiddenTerms(preactivations.first, over: ranges.first),
            plus: hiddenTerms(preactivations.rest, over: ranges.rest), into: weights, rows: count,
            columns: hiddenSize, accumulates: !isFirst)
    }

    /// Adds the gradient of the input weights; shared steps have inputs of zero and add nothing.
    private func addInputGradients(
        of range: TimeRange, _ inputs: [SequenceBuffer], to gradients: FloatBuffer,
        _ isFirst: Bool
    ) {
        var column = 0
        for input in inputs {
            let terms = range.terms(range.cell.preactivationGradients, input, over: range.times)
            kernels.multiply(
                terms, plus: nil,
                into: gradients.matrix(at: weightIH + column, stride: inputSize), rows: columns,
                columns: input.width, accumulates: !isFirst)
            column += input.width
        }
    }

    /// Adds the gradient of the input weights, transposed: one row per input value.
    ///
    /// Each sum has the same terms in the same order. A row then is many full vectors, where few
    /// input values are one that is not full, and the rows of blank columns are skipped.
    private func addInputGradients(
        through sideways: PaddedMatrix, of range: TimeRange, _ input: SequenceBuffer,
        _ blanks: BlankColumns, to gradients: Matrix, _ isFirst: Bool
    ) {
        if isFirst {
            sideways.values.zero()
        } else {
            kernels.transpose(
                gradients, into: sideways.rows(), rows: columns, columns: inputSize)
        }
        let occupied = blanks.columns
        var terms = range.terms(
            input, range.cell.preactivationGradients, over: range.times.clamped(to: blanks.times))
        terms.a = terms.a.dropping(rows: occupied.lowerBound)
        kernels.multiply(
            terms, plus: nil, into: sideways.rows(from: occupied.lowerBound),
            rows: occupied.count, columns: columns, accumulates: true)
        kernels.transpose(sideways.rows(), into: gradients, rows: inputSize, columns: columns)
    }

    /// Sums the columns of preactivations' gradients, shared steps first.
    private func addSums(
        of preactivations: (first: SequenceBuffer, rest: SequenceBuffer),
        over ranges: (first: TimeRange, rest: TimeRange), to target: Vector, _ isFirst: Bool
    ) {
        addSums(preactivations.first, over: ranges.first, to: target, isFirst: isFirst)
        addSums(preactivations.rest, over: ranges.rest, to: target, isFirst: false)
    }

    /// Sums a sequence's columns.
    private func addSums(
        _ sequence: SequenceBuffer, over range: TimeRange, to target: Vector, isFirst: Bool
    ) {
        var shape = ProductShape(
            rows: 1, columns: target.count, depth: range.part.count, accumulates: !isFirst)
        shape.segments = range.times.count
        shape.aSegmentStride = range.rows * sequence.stride
        kernels.addRows(
            range.examples(of: sequence, at: range.times.lowerBound), into: target, shape)
    }

    /// The product of the preactivations' gradients with the previous hidden states.
    private func hiddenTerms(_ preactivations: SequenceBuffer, over range: TimeRange)
        -> ProductTerms
    {
        range.terms(
            preactivations, range.cell.hidden, over: later(of: range), secondBehind: delay)
    }

    /// The steps that have a previous hidden state: all but the first one read.
    func later(of range: TimeRange) -> Range<Int> {
        range.times.clamped(to: isReverse ? times.dropLast() : times.dropFirst())
    }

    /// How far a step's previous hidden state lies before it.
    var delay: Int { isReverse ? -1 : 1 }
}
