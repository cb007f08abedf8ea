import Kernels

/// A recurrent layer over whole sequences, with PyTorch's parameters.
///
/// Shapes: N rows (examples), L time steps, D input values, H hidden values. Sequences are stored
/// time step by time step, [L][N][values], so that one time step of all rows is one matrix.
struct RecurrentLayer {
    let cell: ElmanCell
    let kernels: any KernelSet.Type
    let timeSteps: Int
    let inputSize: Int
    let hiddenSize: Int

    /// Where this layer's tensors begin in the flat buffers of parameters and of gradients.
    private let weightIH: Int  // [H][D]
    private let weightHH: Int  // [H][H]
    private let biasIH: Int  // [H]
    private let biasHH: Int  // [H]

    /// The weights as the forward products want them: one row an input value.
    private let transposedIH: FloatBuffer  // [D][H]
    private let transposedHH: FloatBuffer  // [H][H]

    /// The outputs of the last forward pass.
    let hidden: FloatBuffer  // [L][N][H]
    /// The gradient by the outputs, which the backward pass turns into that by the cell's sums.
    let gradient: FloatBuffer  // [L][N][H]

    init(
        layer: Int, of architecture: Architecture, layout: ParameterLayout, capacity: Int,
        kernels: any KernelSet.Type
    ) {
        cell = ElmanCell(nonlinearity: architecture.nonlinearity, kernels: kernels)
        self.kernels = kernels
        timeSteps = architecture.timeSteps
        inputSize = architecture.inputSize(ofLayer: layer)
        hiddenSize = architecture.hiddenSize
        weightIH = layout.offset(of: "rnn.weight_ih_l\(layer)")
        weightHH = layout.offset(of: "rnn.weight_hh_l\(layer)")
        biasIH = layout.offset(of: "rnn.bias_ih_l\(layer)")
        biasHH = layout.offset(of: "rnn.bias_hh_l\(layer)")
        transposedIH = FloatBuffer(count: inputSize * hiddenSize)
        transposedHH = FloatBuffer(count: hiddenSize * hiddenSize)
        hidden = FloatBuffer(count: timeSteps * capacity * hiddenSize)
        gradient = FloatBuffer(count: timeSteps * capacity * hiddenSize)
    }

    /// Takes over new parameters: lays out the weights for the forward products.
    func load(_ parameters: FloatBuffer) {
        kernels.transpose(
            parameters.matrix(at: weightIH, stride: inputSize),
            into: transposedIH.matrix(stride: hiddenSize), rows: hiddenSize, columns: inputSize)
        kernels.transpose(
            parameters.matrix(at: weightHH, stride: hiddenSize),
            into: transposedHH.matrix(stride: hiddenSize), rows: hiddenSize, columns: hiddenSize)
    }

    /// Computes the hidden states of all time steps from `input` [L][N][D], N = `rows`.
    func forward(_ input: FloatBuffer, parameters: FloatBuffer, rows: Int) {
        let inputProduct = ProductShape(
            rows: rows, columns: hiddenSize, depth: inputSize, accumulates: true)
        let hiddenProduct = ProductShape(
            rows: rows, columns: hiddenSize, depth: hiddenSize, accumulates: true)
        for time in 0..<timeSteps {
            let sums = step(hidden, time, rows)
            kernels.fillRows(
                sums, rows: rows, with: parameters.vector(at: biasIH, count: hiddenSize),
                plus: parameters.vector(at: biasHH, count: hiddenSize))
            kernels.multiply(
                input.matrix(at: time * rows * inputSize, stride: inputSize),
                transposedIH.matrix(stride: hiddenSize), into: sums, inputProduct)
            if time > 0 {
                kernels.multiply(
                    step(hidden, time - 1, rows), transposedHH.matrix(stride: hiddenSize),
                    into: sums, hiddenProduct)
            }
            cell.forward(stepVector(hidden, time, rows))
        }
    }

    /// Turns ``gradient`` from that by the outputs into that by the cell's sums, latest step first.
    ///
    /// - Parameter isFromLastStepOnly: whether only the last time step's gradient is set, as below a
    ///   readout; what the earlier ones hold is then not read.
    func backward(parameters: FloatBuffer, rows: Int, isFromLastStepOnly: Bool) {
        let hiddenProduct = ProductShape(
            rows: rows, columns: hiddenSize, depth: hiddenSize, accumulates: !isFromLastStepOnly)
        for time in (0..<timeSteps).reversed() {
            if time < timeSteps - 1 {
                kernels.multiply(
                    step(gradient, time + 1, rows),
                    parameters.matrix(at: weightHH, stride: hiddenSize),
                    into: step(gradient, time, rows), hiddenProduct)
            }
            cell.backward(
                stepVector(gradient, time, rows), hidden: stepVector(hidden, time, rows))
        }
    }

    /// Writes the gradient by this layer's input [L][N][D] into `target`.
    func backwardInput(into target: FloatBuffer, parameters: FloatBuffer, rows: Int) {
        kernels.multiply(
            gradient.matrix(stride: hiddenSize),
            parameters.matrix(at: weightIH, stride: inputSize),
            into: target.matrix(stride: inputSize),
            ProductShape(rows: timeSteps * rows, columns: inputSize, depth: hiddenSize))
    }

    /// Adds the parameter gradients of the examples in `part` of the `rows` to `gradients`.
    ///
    /// One product a weight matrix runs over all time steps and the part's examples, in this order.
    func addParameterGradients(
        of part: Range<Int>, input: FloatBuffer, rows: Int, to gradients: FloatBuffer
    ) {
        let sums = gradient.matrix(at: part.lowerBound * hiddenSize, stride: hiddenSize)
        var shape = ProductShape(
            rows: hiddenSize, columns: inputSize, depth: part.count, accumulates: true)
        shape.segments = timeSteps
        shape.aSegmentStride = rows * hiddenSize
        shape.bSegmentStride = rows * inputSize
        kernels.multiply(
            sums.transposed, input.matrix(at: part.lowerBound * inputSize, stride: inputSize),
            into: gradients.matrix(at: weightIH, stride: inputSize), shape)
        for bias in [biasIH, biasHH] {
            kernels.addRows(sums, into: gradients.vector(at: bias, count: hiddenSize), shape)
        }
        // The first time step has no hidden state before it.
        shape.columns = hiddenSize
        shape.segments = timeSteps - 1
        shape.bSegmentStride = rows * hiddenSize
        kernels.multiply(
            sums.dropping(rows: rows).transposed,
            hidden.matrix(at: part.lowerBound * hiddenSize, stride: hiddenSize),
            into: gradients.matrix(at: weightHH, stride: hiddenSize), shape)
    }

    /// One time step of a [L][N][H] sequence as a matrix of N rows.
    func step(_ sequence: FloatBuffer, _ time: Int, _ rows: Int) -> Matrix {
        sequence.matrix(at: time * rows * hiddenSize, stride: hiddenSize)
    }

    private func stepVector(_ sequence: FloatBuffer, _ time: Int, _ rows: Int) -> Vector {
        sequence.vector(at: time * rows * hiddenSize, count: rows * hiddenSize)
    }
}
