import Kernels

/// Time steps of some examples, a part of a cell's rows.
struct TimeRange {
    let cell: any RecurrentCell
    let times: Range<Int>
    let part: Range<Int>
    let rows: Int

    /// The number of terms: the examples of each time step.
    var terms: Int { times.count * part.count }

    /// The rows of the examples, from a time step on.
    func examples(of sequence: SequenceBuffer, at time: Int) -> Matrix {
        sequence.step(time, rows: rows).dropping(rows: part.lowerBound)
    }

    /// The rows of the examples in some time steps.
    func rows(of sequence: SequenceBuffer, at times: Range<Int>) -> TermRows {
        TermRows(
            examples(of: sequence, at: times.lowerBound), depth: part.count, segments: times.count,
            segmentStride: rows * sequence.stride)
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
