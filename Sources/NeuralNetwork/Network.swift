import Kernels

/// A recurrent classifier with room for `capacity` examples at a time.
///
/// Its buffers are planned once, so a pass allocates nothing. Results of one row never depend on
/// the rows beside it. Shapes: N rows (examples), L time steps, D input values, C classes.
public final class Network {
    /// The form of this network.
    public let architecture: Architecture
    /// Where its parameters lie.
    public let layout: ParameterLayout
    /// The most rows that a pass can take.
    public let capacity: Int

    private let kernels: any KernelSet.Type
    private let parameters: FloatBuffer
    private let input: FloatBuffer  // [L][N][D]
    private let layers: [RecurrentLayer]
    private let readout: ReadoutLayer

    /// Makes a network whose parameters are zero until ``load(_:)``.
    public init(_ architecture: Architecture, capacity: Int, kernels: any KernelSet.Type) {
        let layout = ParameterLayout(architecture)
        self.architecture = architecture
        self.layout = layout
        self.capacity = capacity
        self.kernels = kernels
        parameters = FloatBuffer(count: layout.count)
        input = FloatBuffer(count: capacity * architecture.exampleSize)
        layers = (0..<architecture.layers).map { layer in
            RecurrentLayer(
                layer: layer, of: architecture, layout: layout, capacity: capacity,
                kernels: kernels)
        }
        readout = ReadoutLayer(
            of: architecture, layout: layout, capacity: capacity, kernels: kernels)
    }

    /// Takes over parameters given as little-endian float32 values in the layout's order.
    public func load(_ bytes: RawSpan) {
        parameters.copy(from: bytes)
        for layer in layers { layer.load(parameters) }
        readout.load(parameters)
    }

    /// Sets row `row` of `rows` to an image of `exampleSize` bytes, scaled to [0, 1].
    public func setInput(_ image: RawSpan, row: Int, of rows: Int) {
        precondition(rows <= capacity && row < rows, "row \(row) of \(rows) is outside the network")
        let size = architecture.inputSize
        for time in 0..<architecture.timeSteps {
            kernels.widen(
                image.extracting(time * size..<(time + 1) * size),
                into: input.vector(at: (time * rows + row) * size, count: size))
        }
    }

    /// Computes the logits of the `rows` inputs that were set.
    public func forward(rows: Int) {
        var below = input
        for layer in layers {
            layer.forward(below, parameters: parameters, rows: rows)
            below = layer.hidden
        }
        readout.forward(lastHidden(rows), parameters: parameters, rows: rows)
    }

    /// The logits [C] of one row, after ``forward(rows:)`` and before ``loss(row:label:)``.
    public func logits(row: Int) -> [Float] {
        let classes = architecture.classes
        return (0..<classes).map { readout.logits[row * classes + $0] }
    }

    /// The cross entropy of a row against its label; replaces its logits by the loss's gradient.
    public func loss(row: Int, label: Int) -> ExampleLoss {
        let classes = architecture.classes
        let logits = readout.logits.vector(at: row * classes, count: classes)
        return kernels.softmaxCrossEntropy(logits, label: label)
    }

    /// Carries the gradient of the summed loss back to every layer's sums.
    ///
    /// The parameter gradients are a step of their own, ``addParameterGradients(of:rows:to:)``,
    /// since they are summed for each shard apart.
    public func backward(rows: Int) {
        guard let top = layers.last else { return }
        readout.backward(
            into: top.step(top.gradient, architecture.timeSteps - 1, rows),
            parameters: parameters, rows: rows)
        for index in layers.indices.reversed() {
            layers[index].backward(
                parameters: parameters, rows: rows, isFromLastStepOnly: index == layers.count - 1)
            if index > 0 {
                layers[index].backwardInput(
                    into: layers[index - 1].gradient, parameters: parameters, rows: rows)
            }
        }
    }

    /// Adds the parameter gradients of the examples in `part` of the `rows` to `gradients`.
    public func addParameterGradients(of part: Range<Int>, rows: Int, to gradients: FloatBuffer) {
        var below = input
        for layer in layers {
            layer.addParameterGradients(of: part, input: below, rows: rows, to: gradients)
            below = layer.hidden
        }
        readout.addParameterGradients(of: part, hidden: lastHidden(rows), to: gradients)
    }

    private func lastHidden(_ rows: Int) -> Matrix {
        guard let top = layers.last else { return input.matrix(stride: architecture.inputSize) }
        return top.step(top.hidden, architecture.timeSteps - 1, rows)
    }
}
