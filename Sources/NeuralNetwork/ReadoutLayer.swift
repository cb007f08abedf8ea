import Kernels

/// The fully connected layer from the last hidden state to the classes: y = W h + b.
///
/// Shapes: N rows (examples), H hidden values, C classes.
struct ReadoutLayer {
    let kernels: any KernelSet.Type
    let hiddenSize: Int
    let classes: Int
    private let weight: Int  // [C][H]
    private let bias: Int  // [C]
    private let transposed: FloatBuffer  // [H][C]
    private let noBias: FloatBuffer  // [C], zeros
    /// The logits of the last forward pass, which the loss replaces by its gradient.
    let logits: FloatBuffer  // [N][C]

    init(
        of architecture: Architecture, layout: ParameterLayout, capacity: Int,
        kernels: any KernelSet.Type
    ) {
        self.kernels = kernels
        hiddenSize = architecture.hiddenSize
        classes = architecture.classes
        weight = layout.offset(of: "fc.weight")
        bias = layout.offset(of: "fc.bias")
        transposed = FloatBuffer(count: hiddenSize * classes)
        noBias = FloatBuffer(count: classes)
        logits = FloatBuffer(count: capacity * classes)
    }

    /// Takes over new parameters: lays out the weights for the forward product.
    func load(_ parameters: FloatBuffer) {
        kernels.transpose(
            parameters.matrix(at: weight, stride: hiddenSize),
            into: transposed.matrix(stride: classes), rows: classes, columns: hiddenSize)
    }

    /// Computes the logits of `hidden` (N x H).
    func forward(_ hidden: Matrix, parameters: FloatBuffer, rows: Int) {
        let target = logits.matrix(stride: classes)
        kernels.fillRows(
            target, rows: rows, with: parameters.vector(at: bias, count: classes),
            plus: noBias.vector)
        kernels.multiply(
            hidden, transposed.matrix(stride: classes), into: target,
            ProductShape(rows: rows, columns: classes, depth: hiddenSize, accumulates: true))
    }

    /// Writes the gradient by the hidden state (N x H), from that by the logits.
    func backward(into hiddenGradient: Matrix, parameters: FloatBuffer, rows: Int) {
        kernels.multiply(
            logits.matrix(stride: classes), parameters.matrix(at: weight, stride: hiddenSize),
            into: hiddenGradient,
            ProductShape(rows: rows, columns: hiddenSize, depth: classes))
    }

    /// Adds the parameter gradients of the examples in `part` to `gradients`.
    func addParameterGradients(of part: Range<Int>, hidden: Matrix, to gradients: FloatBuffer) {
        let sums = logits.matrix(at: part.lowerBound * classes, stride: classes)
        let shape = ProductShape(
            rows: classes, columns: hiddenSize, depth: part.count, accumulates: true)
        kernels.multiply(
            sums.transposed, hidden.dropping(rows: part.lowerBound),
            into: gradients.matrix(at: weight, stride: hiddenSize), shape)
        kernels.addRows(sums, into: gradients.vector(at: bias, count: classes), shape)
    }
}
