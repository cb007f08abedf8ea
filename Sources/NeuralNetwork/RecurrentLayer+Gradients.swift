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
            bias: gradients.vector(at: biasIH, count: columns),
            weights: gradients.matrix(at: weightHH, stride: hiddenSize), fusedColumns, isFirst)
        // Fused preactivations have the same gradient with respect to either bias.
        kernels.copy(
            gradients.vector(at: biasIH, count: fusedColumns),
            into: gradients.vector(at: biasHH, count: fusedColumns))
        guard let first = prefix.cell.hiddenPreactivations, let rest = cell.hiddenPreactivations
        else { return }
        addHiddenGradients(
            of: (first, rest), over: ranges,
            bias: gradients.vector(at: biasHH + fusedColumns, count: rest.width),
            weights: gradients.matrix(
                at: weightHH + fusedColumns * hiddenSize, stride: hiddenSize),
            rest.width, isFirst)
    }

    /// The time steps that a part shares with the rest of its group, and those of its own.
    private func timeRanges(
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

    /// Adds the gradients with respect to a bias and `count` rows of hidden weights, given those of
    /// their preactivations.
    private func addHiddenGradients(
        of preactivations: (first: SequenceBuffer, rest: SequenceBuffer),
        over ranges: (first: TimeRange, rest: TimeRange), bias: Vector, weights: Matrix,
        _ count: Int, _ isFirst: Bool
    ) {
        addSums(preactivations.first, over: ranges.first, to: bias, isFirst: isFirst)
        addSums(preactivations.rest, over: ranges.rest, to: bias, isFirst: false)
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
        // The first step read has no previous hidden state; each other's lies one step beside it.
        let later = range.times.clamped(to: isReverse ? times.dropLast() : times.dropFirst())
        return range.terms(
            preactivations, range.cell.hidden, over: later, secondBehind: isReverse ? -1 : 1)
    }
}

/// Time steps of some examples, a part of a cell's rows.
private struct TimeRange {
    let cell: any RecurrentCell
    let times: Range<Int>
    let part: Range<Int>
    let rows: Int

    /// The rows of the examples, from a time step on.
    func examples(of sequence: SequenceBuffer, at time: Int) -> Matrix {
        sequence.step(time, rows: rows).dropping(rows: part.lowerBound)
    }

    /// The product of a sequence, transposed, with another, which lags by `delay` steps.
    ///
    /// Its runs are the examples of one time step.
    func terms(
        _ first: SequenceBuffer, _ second: SequenceBuffer, over times: Range<Int>,
        secondBehind delay: Int = 0
    ) -> ProductTerms {
        var terms = ProductTerms(
            examples(of: first, at: times.lowerBound).transposed,
            examples(of: second, at: times.lowerBound - delay), depth: part.count)
        terms.segments = times.count
        terms.aSegmentStride = rows * first.stride
        terms.bSegmentStride = rows * second.stride
        return terms
    }
}
