import Kernels

/// Convolutions before the recurrent layers, whose feature maps are read row by row: a CRNN (Shi, Bai
/// and Yao 2017).
///
/// A time step is a row of the last maps, channel after channel. Shapes: N rows (images), K maps of
/// R x W pixels, so R time steps of K W values.
struct ConvolutionFront {
    private let kernels: any KernelSet.Type
    private let layers: [ConvolutionLayer]
    /// The images, [N][pixels], scaled to [0, 1].
    let images: FloatBuffer
    /// The gradient of the one sequence that the recurrent layers read, [R][N][K W].
    let sequenceGradient: [SequenceBuffer]

    /// The front of an architecture, or nil if it has none.
    init?(
        _ architecture: Architecture, layout: ParameterLayout, capacity: Int,
        kernels: any KernelSet.Type
    ) {
        guard !architecture.convolutions.isEmpty else { return nil }
        self.kernels = kernels
        var shape = MapShape(
            channels: 1, rows: architecture.imageRows, columns: architecture.imageColumns)
        layers = architecture.convolutions.enumerated().map { index, channels in
            let layer = ConvolutionLayer(
                index, input: shape, channels: channels, layout: layout, capacity: capacity,
                kernels: kernels)
            shape = layer.outputShape
            return layer
        }
        images = FloatBuffer(count: capacity * architecture.exampleSize)
        let gradient = SequenceBuffer(
            timeSteps: architecture.timeSteps, capacity: capacity, width: architecture.inputSize)
        sequenceGradient = [gradient]
    }

    /// Loads new parameters.
    func load(_ parameters: Vector) { for layer in layers { layer.load(parameters) } }

    /// Computes the sequences that the recurrent layers read.
    func forward(into sequence: SequenceBuffer, rows: Int) {
        for (index, layer) in layers.enumerated() {
            layer.forward(maps(below: index), rows: rows)
        }
        guard let last = layers.last else { return }
        forEachRun(of: last.outputShape, in: sequence, rows) { map, step in
            kernels.copy(
                last.output.vector(at: map, count: last.outputShape.columns),
                into: sequence.values.vector(at: step, count: last.outputShape.columns))
        }
    }

    /// Propagates ``sequenceGradient`` back to the preactivations of all convolutions.
    func backward(rows: Int) {
        guard let last = layers.last else { return }
        forEachRun(of: last.outputShape, in: sequenceGradient[0], rows) { map, step in
            kernels.copy(
                sequenceGradient[0].values.vector(at: step, count: last.outputShape.columns),
                into: last.gradient.vector(at: map, count: last.outputShape.columns))
        }
        for index in layers.indices.reversed() {
            layers[index].backward(
                into: index > 0 ? layers[index - 1].gradient : nil, rows: rows)
        }
    }

    /// Adds the parameter gradients of the images in `part` to `gradients`.
    func addParameterGradients(of part: Range<Int>, to gradients: FloatBuffer, isFirst: Bool) {
        for (index, layer) in layers.enumerated() {
            layer.addParameterGradients(
                of: part, maps: maps(below: index), to: gradients, isFirst: isFirst)
        }
    }

    private func maps(below index: Int) -> FloatBuffer {
        index == 0 ? images : layers[index - 1].output
    }

    /// Calls `body` with the start of each row of each map, in the maps and in the sequence.
    private func forEachRun(
        of shape: MapShape, in sequence: SequenceBuffer, _ rows: Int,
        _ body: (_ map: Int, _ step: Int) -> Void
    ) {
        for image in 0..<rows {
            for channel in 0..<shape.channels {
                for row in 0..<shape.rows {
                    let map = ((image * shape.channels + channel) * shape.rows + row)
                    let step = (row * rows + image) * sequence.stride
                    body(map * shape.columns, step + channel * shape.columns)
                }
            }
        }
    }
}
