import Kernels

// Gradients by what is outside the layer: by its inputs and by its parameters.

extension RecurrentLayer {
    /// Writes, or adds, the gradient by this layer's inputs into sequences of the same widths, after a
    /// pass in which the rows shared nothing.
    func backwardInputs(into targets: [SequenceBuffer], rows: Int, accumulates: Bool) {
        for (target, weights) in zip(targets, packedIH) {
            let terms = ProductTerms(
                cell.sumGradients.step(times.lowerBound, rows: rows), weights, depth: columns)
            kernels.multiply(
                terms, plus: nil, into: target.step(times.lowerBound, rows: rows),
                rows: times.count * rows, columns: target.width, accumulates: accumulates)
        }
    }

    /// Adds the parameter gradients of the examples in `part` of the `rows` to `gradients`.
    ///
    /// One product a weight matrix runs over the time steps and the part's examples, in this order.
    /// What the rows shared comes first; the part is all of them then.
    func addParameterGradients(
        of part: Range<Int>, inputs: [SequenceBuffer], rows: Int, margins: Margins,
        to gradients: FloatBuffer, isFirst: Bool
    ) {
        let shared = sharedSteps(margins)
        precondition(shared == 0 || part == 0..<rows, "rows that share steps have one gradient")
        let stretches = (
            first: Stretch(
                cell: beginning.cell,
                times: isReverse ? times.suffix(shared) : times.prefix(shared), part: 0..<1, rows: 1
            ),
            rest: Stretch(
                cell: cell,
                times: isReverse ? times.dropLast(shared) : times.dropFirst(shared), part: part,
                rows: rows)
        )
        if let transposedGradientIH {
            addInputGradients(
                through: transposedGradientIH, of: stretches.rest, inputs[0], margins,
                to: gradients.matrix(at: weightIH, stride: inputSize), isFirst)
        } else {
            addInputGradients(of: stretches.rest, inputs, to: gradients, isFirst)
        }
        addHiddenGradients(
            by: (beginning.cell.sumGradients, cell.sumGradients), over: stretches,
            bias: gradients.vector(at: biasIH, count: columns),
            weights: gradients.matrix(at: weightHH, stride: hiddenSize), columnsTogether, isFirst)
        // Sums that input and hidden side form together have the same gradient by either's bias.
        kernels.copy(
            gradients.vector(at: biasIH, count: columnsTogether),
            into: gradients.vector(at: biasHH, count: columnsTogether))
        guard let first = beginning.cell.sumsApart, let rest = cell.sumsApart else { return }
        addHiddenGradients(
            by: (first, rest), over: stretches,
            bias: gradients.vector(at: biasHH + columnsTogether, count: rest.width),
            weights: gradients.matrix(
                at: weightHH + columnsTogether * hiddenSize, stride: hiddenSize),
            rest.width, isFirst)
    }

    /// Adds the gradients of a bias and of `count` rows of hidden weights, by the sums they form.
    private func addHiddenGradients(
        by sums: (first: SequenceBuffer, rest: SequenceBuffer),
        over stretches: (first: Stretch, rest: Stretch), bias: Vector, weights: Matrix,
        _ count: Int, _ isFirst: Bool
    ) {
        addSums(sums.first, over: stretches.first, to: bias, isFirst: isFirst)
        addSums(sums.rest, over: stretches.rest, to: bias, isFirst: false)
        kernels.multiply(
            hiddenTerms(sums.first, over: stretches.first),
            plus: hiddenTerms(sums.rest, over: stretches.rest), into: weights, rows: count,
            columns: hiddenSize, accumulates: !isFirst)
    }

    /// Adds the gradients of the input weights, to which the zeros that are shared add nothing.
    private func addInputGradients(
        of stretch: Stretch, _ inputs: [SequenceBuffer], to gradients: FloatBuffer,
        _ isFirst: Bool
    ) {
        var column = 0
        for input in inputs {
            let terms = stretch.terms(stretch.cell.sumGradients, input, over: stretch.times)
            kernels.multiply(
                terms, plus: nil,
                into: gradients.matrix(at: weightIH + column, stride: inputSize), rows: columns,
                columns: input.width, accumulates: !isFirst)
            column += input.width
        }
    }

    /// Adds the gradient of the input weights on its side: each input value has a row.
    ///
    /// The terms of each sum are the same in the same order. A row is many full vectors, while few input
    /// values are one that is not full; and the margins' rows need not be computed.
    private func addInputGradients(
        through sideways: SpreadMatrix, of stretch: Stretch, _ input: SequenceBuffer,
        _ margins: Margins, to gradients: Matrix, _ isFirst: Bool
    ) {
        if isFirst {
            sideways.values.zero()
        } else {
            kernels.transpose(
                gradients, into: sideways.rows(), rows: columns, columns: inputSize)
        }
        let occupied = margins.columns
        var terms = stretch.terms(
            input, stretch.cell.sumGradients, over: stretch.times.clamped(to: margins.times))
        terms.a = terms.a.dropping(rows: occupied.lowerBound)
        kernels.multiply(
            terms, plus: nil, into: sideways.rows(from: occupied.lowerBound),
            rows: occupied.count, columns: columns, accumulates: true)
        kernels.transpose(sideways.rows(), into: gradients, rows: inputSize, columns: columns)
    }

    /// Adds the sums of a sequence's columns.
    private func addSums(
        _ sequence: SequenceBuffer, over stretch: Stretch, to target: Vector, isFirst: Bool
    ) {
        var shape = ProductShape(
            rows: 1, columns: target.count, depth: stretch.part.count, accumulates: !isFirst)
        shape.segments = stretch.times.count
        shape.aSegmentStride = stretch.rows * sequence.stride
        kernels.addRows(
            stretch.examples(of: sequence, at: stretch.times.lowerBound), into: target, shape)
    }

    /// The product of gradients by sums with the hidden states that the sums were formed from.
    private func hiddenTerms(_ sums: SequenceBuffer, over stretch: Stretch) -> ProductTerms {
        // The first step read has no hidden state before it; each other's lies one step beside it.
        let later = stretch.times.clamped(to: isReverse ? times.dropLast() : times.dropFirst())
        return stretch.terms(
            sums, stretch.cell.hidden, over: later, secondBehind: isReverse ? -1 : 1)
    }
}

/// Time steps of some examples, which are a part of a cell's rows.
private struct Stretch {
    let cell: any RecurrentCell
    let times: Range<Int>
    let part: Range<Int>
    let rows: Int

    /// The rows of the examples from a time step on.
    func examples(of sequence: SequenceBuffer, at time: Int) -> Matrix {
        sequence.step(time, rows: rows).dropping(rows: part.lowerBound)
    }

    /// The product of a sequence, transposed, with another: its runs are the examples of one time step,
    /// the second sequence's so many steps behind the first's.
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
