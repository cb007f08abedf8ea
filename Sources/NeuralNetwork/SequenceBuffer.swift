import Kernels

/// Sequences side by side: [L][N][width], so that one time step of all rows is one matrix.
struct SequenceBuffer {
    let values: FloatBuffer
    let width: Int

    /// Room for `timeSteps` steps of `capacity` rows.
    init(timeSteps: Int, capacity: Int, width: Int) {
        values = FloatBuffer(count: timeSteps * capacity * width)
        self.width = width
    }

    /// One time step, where each has `rows` rows.
    func step(_ time: Int, rows: Int) -> Matrix {
        values.matrix(at: time * rows * width, stride: width)
    }

    /// One time step as a run of values.
    func vector(_ time: Int, rows: Int) -> Vector {
        values.vector(at: time * rows * width, count: rows * width)
    }
}
