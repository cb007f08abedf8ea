import Kernels

/// A 3 x 3 convolution with bias, rectifier and 2 x 2 max-pooling, with PyTorch's parameters.
///
/// Works image by image, so that an image's patches stay in the cache. Shapes: N rows (images), C
/// input and K output maps of R x W pixels, pooled to R/2 x W/2.
struct ConvolutionLayer {
    private let kernels: any KernelSet.Type
    private let inputShape: MapShape
    private let preactivationShape: MapShape
    private let weight: Int  // [K][9C]
    private let bias: Int  // [K]
    private let weights: FloatBuffer  // [K][9C]
    private let transposed: FloatBuffer  // [9C][K]
    private let biases: FloatBuffer  // [K]
    private let patches: FloatBuffer  // [R W][9C], of one image
    /// The preactivations, [N][R W][K]; the backward pass turns them into the gradient.
    private let preactivations: FloatBuffer
    /// The pooled maps, [N][K][R/2][W/2], and the gradient with respect to them.
    let output: FloatBuffer
    let gradient: FloatBuffer
    let outputShape: MapShape

    init(
        _ index: Int, input: MapShape, channels: Int, layout: ParameterLayout, capacity: Int,
        kernels: any KernelSet.Type
    ) {
        self.kernels = kernels
        inputShape = input
        preactivationShape = MapShape(channels: channels, rows: input.rows, columns: input.columns)
        outputShape = MapShape(
            channels: channels, rows: input.rows / 2, columns: input.columns / 2)
        weight = layout.offset(of: "conv.\(index).weight")
        bias = layout.offset(of: "conv.\(index).bias")
        let depth = 9 * input.channels
        weights = FloatBuffer(count: depth * channels)
        transposed = FloatBuffer(count: depth * channels)
        biases = FloatBuffer(count: channels)
        patches = FloatBuffer(count: input.rows * input.columns * depth)
        preactivations = FloatBuffer(count: capacity * preactivationShape.count)
        output = FloatBuffer(count: capacity * outputShape.count)
        gradient = FloatBuffer(count: capacity * outputShape.count)
    }

    private var depth: Int { 9 * inputShape.channels }
    private var channels: Int { preactivationShape.channels }
    private var pixels: Int { preactivationShape.rows * preactivationShape.columns }

    /// Loads new parameters: lays out the weights for the forward product.
    func load(_ parameters: Vector) {
        weights.vector.copy(from: parameters.vector(at: weight, count: weights.count))
        biases.vector.copy(from: parameters.vector(at: bias, count: channels))
        kernels.transpose(
            weights.matrix(stride: depth), into: transposed.matrix(stride: channels),
            rows: channels, columns: depth)
    }

    /// Computes ``output`` from `maps`, [N][C][R][W].
    func forward(_ maps: FloatBuffer, rows: Int) {
        for row in 0..<rows {
            gatherPatches(maps, row)
            kernels.fillRows(preactivations(row), rows: pixels, with: biases.vector)
            kernels.multiply(
                patches.matrix(stride: depth), transposed.matrix(stride: channels),
                into: preactivations(row),
                ProductShape(rows: pixels, columns: channels, depth: depth, accumulates: true))
            kernels.pool(
                preactivations(row), preactivationShape,
                into: output.vector(at: row * outputShape.count, count: outputShape.count))
        }
    }

    /// Turns ``gradient`` into the gradient with respect to the preactivations and, given `maps`,
    /// to the input.
    func backward(into maps: FloatBuffer?, rows: Int) {
        for row in 0..<rows {
            kernels.poolBackward(
                preactivations(row), preactivationShape,
                pooledGradient: gradient.vector(
                    at: row * outputShape.count, count: outputShape.count))
            guard let maps else { continue }
            kernels.multiply(
                preactivations(row), weights.matrix(stride: depth),
                into: patches.matrix(stride: depth),
                ProductShape(rows: pixels, columns: depth, depth: channels))
            let target = maps.vector(at: row * inputShape.count, count: inputShape.count)
            kernels.fill(target, with: 0)
            kernels.addPatches(patches.matrix(stride: depth), inputShape, to: target)
        }
    }

    /// Adds the parameter gradients of the images in `part` to `gradients`, image by image.
    func addParameterGradients(
        of part: Range<Int>, maps: FloatBuffer, to gradients: FloatBuffer, isFirst: Bool
    ) {
        var shape = ProductShape(rows: channels, columns: depth, depth: pixels)
        for row in part {
            shape.accumulates = !(isFirst && row == part.lowerBound)
            gatherPatches(maps, row)
            kernels.multiply(
                preactivations(row).transposed, patches.matrix(stride: depth),
                into: gradients.matrix(at: weight, stride: depth), shape)
        }
        shape.accumulates = !isFirst
        shape.depth = pixels * part.count
        kernels.addRows(
            preactivations(part.lowerBound), into: gradients.vector(at: bias, count: channels),
            shape)
    }

    private func preactivations(_ row: Int) -> Matrix {
        preactivations.matrix(at: row * preactivationShape.count, stride: channels)
    }

    private func gatherPatches(_ maps: FloatBuffer, _ row: Int) {
        kernels.patches(
            of: maps.vector(at: row * inputShape.count, count: inputShape.count), inputShape,
            into: patches.matrix(stride: depth))
    }
}
