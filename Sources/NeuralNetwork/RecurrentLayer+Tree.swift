import Kernels

// Gradients with respect to the weight matrices, summed over parts of a pass in a tree.

extension RecurrentLayer {
    /// The parameters whose gradients ``writeWeightGradients(of:_:inputs:rows:to:isFirst:_:)`` writes.
    var weightRanges: [Range<Int>] {
        [weightIH..<weightIH + columns * inputSize, weightHH..<weightHH + columns * hiddenSize]
    }

    /// Writes the sum of the parts' weight gradients.
    ///
    /// The terms of a part are those of ``addParameterGradients(of:group:_:inputs:rows:to:isFirst:)``,
    /// in the same order, and zeros where that has none.
    func writeWeightGradients(
        of parts: ArraySlice<GradientPart>, _ groups: RowGroups, inputs: [SequenceBuffer],
        rows: Int, to gradients: FloatBuffer, isFirst: Bool, _ sums: TreeSums
    ) {
        let terms = PartTerms(layer: self, parts: parts, groups: groups, rows: rows)
        terms.plan(sums.product)
        let packedInputs = sums.inputs(ofLayer: layer)
        terms.forEachRange { range, isShared, term in
            packHidden(range, at: term, into: sums.hidden)
            for (input, packed) in zip(inputs, packedInputs) {
                if isShared {
                    packed.clear(rows: term..<term + range.terms)
                } else {
                    packed.pack(range.rows(of: input, at: range.times), at: term)
                }
            }
        }
        let both = (first: prefix.cell.preactivationGradients, rest: cell.preactivationGradients)
        terms.forEachBlock(of: both, 0..<fusedColumns, sums.product) { block in
            writeHidden(block, first: block.lowerBound, to: gradients, isFirst, sums)
            writeInputs(block, packedInputs, to: gradients, isFirst, sums.product)
        }
        guard let first = prefix.cell.hiddenPreactivations, let rest = cell.hiddenPreactivations
        else { return }
        terms.forEachBlock(of: both, fusedColumns..<columns, sums.product) { block in
            writeInputs(block, packedInputs, to: gradients, isFirst, sums.product)
        }
        terms.forEachBlock(of: (first, rest), 0..<rest.width, sums.product) { block in
            writeHidden(block, first: fusedColumns + block.lowerBound, to: gradients, isFirst, sums)
        }
    }

    /// Packs the previous hidden states of a range's terms; the first step read has zeros.
    private func packHidden(_ range: TimeRange, at term: Int, into packed: PackedMatrix) {
        let later = later(of: range)
        let missing = (range.times.count - later.count) * range.part.count
        let first = isReverse ? term : term + missing
        let blank = isReverse ? term + later.count * range.part.count : term
        packed.clear(rows: blank..<blank + missing)
        let previous = later.lowerBound - delay..<later.upperBound - delay
        packed.pack(range.rows(of: range.cell.hidden, at: previous), at: first)
    }

    /// Computes a block of rows of the hidden weights' gradient, from the row `first` on.
    private func writeHidden(
        _ block: Range<Int>, first: Int, to gradients: FloatBuffer, _ isFirst: Bool,
        _ sums: TreeSums
    ) {
        sums.product.multiply(
            by: sums.hidden,
            into: gradients.matrix(at: weightHH + first * hiddenSize, stride: hiddenSize),
            rows: block.count, lacksLeading: true, accumulates: !isFirst)
    }

    /// Computes a block of rows of the input weights' gradient.
    private func writeInputs(
        _ block: Range<Int>, _ inputs: [PackedMatrix], to gradients: FloatBuffer, _ isFirst: Bool,
        _ product: TreeProduct
    ) {
        var column = 0
        for input in inputs {
            let first = weightIH + block.lowerBound * inputSize + column
            product.multiply(
                by: input, into: gradients.matrix(at: first, stride: inputSize), rows: block.count,
                accumulates: !isFirst)
            column += input.columns
        }
    }
}

/// The terms of the parts of a pass, in one layer and direction.
private struct PartTerms {
    let layer: RecurrentLayer
    let parts: ArraySlice<GradientPart>
    let groups: RowGroups
    let rows: Int

    private func ranges(of part: GradientPart) -> (first: TimeRange, rest: TimeRange) {
        layer.timeRanges(of: part.rows, group: groups.index(of: part.rows), groups, rows: rows)
    }

    /// Makes each part a leaf of the product, or a continuation of one.
    func plan(_ product: TreeProduct) {
        product.removeLeaves()
        for part in parts {
            let ranges = ranges(of: part)
            let first = ranges.first.terms > 0 ? ranges.first : ranges.rest
            product.add(
                terms: ranges.first.terms + ranges.rest.terms, continues: part.continues,
                leading: layer.isReverse ? 0 : first.part.count, merges: part.merges)
        }
    }

    /// Calls `body` with the shared and the other time steps of each part, and with their first term.
    func forEachRange(_ body: (_ range: TimeRange, _ isShared: Bool, _ term: Int) -> Void) {
        var term = 0
        for part in parts {
            let ranges = ranges(of: part)
            body(ranges.first, true, term)
            body(ranges.rest, false, term + ranges.first.terms)
            term += ranges.first.terms + ranges.rest.terms
        }
    }

    /// Calls `body` with blocks of some preactivations, whose gradients are then packed.
    func forEachBlock(
        of gradients: (first: SequenceBuffer, rest: SequenceBuffer), _ columns: Range<Int>,
        _ product: TreeProduct, _ body: (Range<Int>) -> Void
    ) {
        product.forEachBlock(of: columns) { block in
            forEachRange { range, isShared, term in
                let sequence = isShared ? gradients.first : gradients.rest
                product.pack(
                    range.rows(of: sequence, at: range.times), columns: block, at: term)
            }
            body(block)
        }
    }
}
