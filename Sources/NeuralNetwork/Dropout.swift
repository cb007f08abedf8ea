import Kernels
import Randomness

/// Dropout between two recurrent layers (Srivastava and others 2014): each output is dropped with
/// probability P, and the others are scaled by 1 / (1 - P).
///
/// What is dropped depends only on the run's seed and on step, example, layer, direction, time step
/// and unit, so it is the same for any worker and row that computes the example.
struct Dropout {
    private let kernels: any KernelSet.Type
    private let probability: Float
    private let timeSteps: Int
    private let layer: Int
    /// The outputs passed on to the layer above, one sequence per direction.
    let outputs: [SequenceBuffer]
    /// Zero, or the scale, for each output.
    private let masks: [SequenceBuffer]

    /// The dropout above `layer`, or nil if nothing is dropped.
    init?(
        above layer: Int, of architecture: Architecture, capacity: Int,
        kernels: any KernelSet.Type
    ) {
        guard architecture.dropout > 0, layer < architecture.layers - 1 else { return nil }
        self.kernels = kernels
        self.layer = layer
        probability = Float(architecture.dropout)
        timeSteps = architecture.timeSteps
        func sequences() -> [SequenceBuffer] {
            (0..<architecture.directions).map { _ in
                SequenceBuffer(
                    timeSteps: architecture.timeSteps, capacity: capacity,
                    width: architecture.hiddenSize)
            }
        }
        outputs = sequences()
        masks = sequences()
    }

    /// Computes ``outputs`` from the layer's outputs, with one draw per row.
    func forward(_ hidden: [SequenceBuffer], draws: [DropoutDraw]) {
        let rows = draws.count
        for (direction, mask) in masks.enumerated() {
            for (row, draw) in draws.enumerated() {
                var random = draw.random(layer: layer, direction: direction)
                for time in 0..<timeSteps { fill(mask, time, row, rows, &random) }
            }
            let output = outputs[direction].steps(0..<timeSteps, rows: rows)
            kernels.copy(hidden[direction].steps(0..<timeSteps, rows: rows), into: output)
            kernels.multiply(output, by: mask.steps(0..<timeSteps, rows: rows))
        }
    }

    private func fill(
        _ mask: SequenceBuffer, _ time: Int, _ row: Int, _ rows: Int, _ random: inout Philox
    ) {
        let scale = 1 / (1 - probability)
        let row = mask.row(row, of: rows, at: time)
        for index in 0..<row.count {
            row[index] = random.uniform() < probability ? 0 : scale
        }
    }

    /// Turns gradients with respect to ``outputs`` into those with respect to the layer's, in
    /// place.
    func backward(_ gradients: [SequenceBuffer], rows: Int) {
        for (gradient, mask) in zip(gradients, masks) {
            kernels.multiply(
                gradient.steps(0..<timeSteps, rows: rows),
                by: mask.steps(0..<timeSteps, rows: rows))
        }
    }
}

/// The random draw that decides what a row drops: one example in one step of a run.
public struct DropoutDraw: Sendable {
    private let seed: UInt64
    private let step: Int
    private let shard: Int
    private let example: Int

    /// The draw of an example, named by its shard and its index there, in a step of a run.
    public init(seed: UInt64, step: Int, shard: Int, example: Int) {
        self.seed = seed
        self.step = step
        self.shard = shard
        self.example = example
    }

    func random(layer: Int, direction: Int) -> Philox {
        Philox(seed: seed, for: "dropout", step, shard, example, layer, direction)
    }
}
