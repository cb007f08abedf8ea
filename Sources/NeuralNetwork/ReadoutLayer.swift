import Kernels

/// The fully connected layer from the last layer's outputs to the classes: y = W out + b.
///
/// It reads the outputs of the last time step, or their mean over all. Shapes: N rows (examples), L
/// time steps, H hidden values per direction, C classes.
struct ReadoutLayer {
    private let kernels: any KernelSet.Type
    private let readout: Readout
    private let timeSteps: Int
    /// The time steps that get a gradient, for each direction.
    private let times: [Range<Int>]
    private let hiddenSize: Int
    /// The columns of the weights: H per direction.
    private let inputSize: Int
    private let classes: Int
    private let weight: Int  // [C][directions H]
    private let bias: Int  // [C]
    private let weights: FloatBuffer  // [C][directions H]
    private let transposed: FloatBuffer  // [directions H][C]
    private let biases: FloatBuffer  // [C]
    /// The features that the classes are read from, for each direction: [N][H].
    private let features: [SequenceBuffer]
    /// The logits of the last forward pass; the loss replaces them by its gradient.
    let logits: FloatBuffer  // [N][C]

    init(
        of architecture: Architecture, layout: ParameterLayout, capacity: Int,
        kernels: any KernelSet.Type
    ) {
        self.kernels = kernels
        readout = architecture.readout
        timeSteps = architecture.timeSteps
        times = (0..<architecture.directions).map { direction in
            architecture.timesInUse(ofLayer: architecture.layers - 1, isReverse: direction == 1)
        }
        hiddenSize = architecture.hiddenSize
        inputSize = architecture.hiddenSize * architecture.directions
        classes = architecture.classes
        weight = layout.offset(of: "fc.weight")
        bias = layout.offset(of: "fc.bias")
        weights = FloatBuffer(count: inputSize * classes)
        transposed = FloatBuffer(count: inputSize * classes)
        biases = FloatBuffer(count: classes)
        features = (0..<architecture.directions).map { _ in
            SequenceBuffer(timeSteps: 1, capacity: capacity, width: architecture.hiddenSize)
        }
        logits = FloatBuffer(count: capacity * classes)
    }

    /// Loads new parameters: lays out the weights for the forward product.
    func load(_ parameters: Vector) {
        weights.vector.copy(from: parameters.vector(at: weight, count: weights.count))
        biases.vector.copy(from: parameters.vector(at: bias, count: classes))
        kernels.transpose(
            weights.matrix(stride: inputSize), into: transposed.matrix(stride: classes),
            rows: classes, columns: inputSize)
    }

    /// Computes the logits from the outputs of the last layer's directions.
    func forward(_ outputs: [SequenceBuffer], rows: Int) {
        let target = logits.matrix(stride: classes)
        kernels.fillRows(target, rows: rows, with: biases.vector)
        for (direction, output) in outputs.enumerated() {
            gather(output, into: features[direction], rows)
            kernels.multiply(
                features[direction].step(0, rows: rows),
                transposed.matrix(at: direction * hiddenSize * classes, stride: classes),
                into: target,
                ProductShape(rows: rows, columns: classes, depth: hiddenSize, accumulates: true))
        }
    }

    private func gather(_ output: SequenceBuffer, into feature: SequenceBuffer, _ rows: Int) {
        let target = feature.vector(0, rows: rows)
        switch readout {
        case .last: kernels.copy(output.vector(timeSteps - 1, rows: rows), into: target)
        case .mean:
            kernels.copy(output.vector(0, rows: rows), into: target)
            for time in 1..<max(timeSteps, 1) {
                kernels.add(output.vector(time, rows: rows), into: target)
            }
            kernels.divide(target, by: Float(timeSteps))
        }
    }

    /// Writes the gradient with respect to the outputs, given the one with respect to the logits.
    func backward(into gradients: [SequenceBuffer], rows: Int) {
        let shape = ProductShape(rows: rows, columns: hiddenSize, depth: classes)
        for (direction, gradient) in gradients.enumerated() {
            let last = gradient.vector(timeSteps - 1, rows: rows)
            kernels.multiply(
                logits.matrix(stride: classes),
                weights.matrix(at: direction * hiddenSize, stride: inputSize),
                into: gradient.step(timeSteps - 1, rows: rows), shape)
            if readout == .mean { kernels.divide(last, by: Float(timeSteps)) }
            for time in times[direction].dropLast() {
                let earlier = gradient.vector(time, rows: rows)
                switch readout {
                case .last: kernels.fill(earlier, with: 0)
                case .mean: kernels.copy(last, into: earlier)
                }
            }
        }
    }

    /// Adds the parameter gradients of the examples in `part` to `gradients`.
    func addParameterGradients(
        of part: Range<Int>, rows: Int, to gradients: FloatBuffer, isFirst: Bool
    ) {
        let sums = logits.matrix(at: part.lowerBound * classes, stride: classes)
        let shape = ProductShape(
            rows: classes, columns: hiddenSize, depth: part.count, accumulates: !isFirst)
        for (direction, feature) in features.enumerated() {
            kernels.multiply(
                sums.transposed, feature.step(0, rows: rows).dropping(rows: part.lowerBound),
                into: gradients.matrix(at: weight + direction * hiddenSize, stride: inputSize),
                shape)
        }
        kernels.addRows(sums, into: gradients.vector(at: bias, count: classes), shape)
    }
}
