import Kernels

/// Sequences side by side: [L][N][width], so that one time step of all rows is one matrix.
struct SequenceBuffer {
    private let matrix: PaddedMatrix

    /// The values of a row.
    var width: Int { matrix.columns }
    /// The distance between rows.
    var stride: Int { matrix.stride }
    /// All values, with the padding between rows, which stays zero.
    var values: FloatBuffer { matrix.values }

    /// Room for `timeSteps` steps of `capacity` rows.
    init(timeSteps: Int, capacity: Int, width: Int) {
        matrix = PaddedMatrix(rows: timeSteps * capacity, columns: width)
    }

    /// One time step, if each has `rows` rows.
    func step(_ time: Int, rows: Int) -> Matrix { matrix.rows(from: time * rows) }

    /// Some rows of one time step.
    func step(_ time: Int, _ rows: RowRange) -> Matrix {
        matrix.rows(from: time * rows.total + rows.range.lowerBound)
    }

    /// Some rows of one time step as a run of values, with the padding between rows.
    func vector(_ time: Int, _ rows: RowRange) -> Vector {
        values.vector(
            at: (time * rows.total + rows.range.lowerBound) * stride, count: rows.count * stride)
    }

    /// One time step as a run of values, with the padding between rows.
    func vector(_ time: Int, rows: Int) -> Vector { steps(time..<time + 1, rows: rows) }

    /// Consecutive time steps as a run of values, with the padding between rows.
    func steps(_ times: Range<Int>, rows: Int) -> Vector {
        values.vector(at: times.lowerBound * rows * stride, count: times.count * rows * stride)
    }

    /// One row of a time step.
    func row(_ row: Int, of rows: Int, at time: Int) -> Vector { matrix.row(time * rows + row) }
}
