import Kernels

/// Sequences side by side: [L][N][width], so that one time step of all rows is one matrix.
///
/// Rows lie so far apart that a cache can keep them; what is between them is zero, and stays so.
struct SequenceBuffer {
    let values: FloatBuffer
    let width: Int
    /// The distance between rows.
    let stride: Int

    /// Room for `timeSteps` steps of `capacity` rows.
    init(timeSteps: Int, capacity: Int, width: Int) {
        self.width = width
        stride = Matrix.spreadStride(columns: width)
        values = FloatBuffer(count: timeSteps * capacity * stride)
    }

    /// One time step, where each has `rows` rows.
    func step(_ time: Int, rows: Int) -> Matrix {
        values.matrix(at: time * rows * stride, stride: stride)
    }

    /// One time step as a run of values, with what is between its rows.
    func vector(_ time: Int, rows: Int) -> Vector { steps(time..<time + 1, rows: rows) }

    /// Time steps that follow one another as a run of values, with what is between their rows.
    func steps(_ times: Range<Int>, rows: Int) -> Vector {
        values.vector(at: times.lowerBound * rows * stride, count: times.count * rows * stride)
    }

    /// One row of a time step.
    func row(_ row: Int, of rows: Int, at time: Int) -> Vector {
        values.vector(at: (time * rows + row) * stride, count: width)
    }
}
