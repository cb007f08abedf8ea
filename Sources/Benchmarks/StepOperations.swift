import NeuralNetwork

/// The operations of the products in a step of `rows` examples.
///
/// Biases and activations are left out: with 128 hidden values they are at most 3% of the total.
public struct StepOperations: Sendable, Equatable {
    /// Operations that compute the logits.
    public let forward: Int
    /// Operations that propagate the gradient back to each layer's preactivations.
    public let backward: Int
    /// Operations that compute the parameters' gradients.
    public let parameterGradients: Int

    /// The sum of all three.
    public var total: Int { forward + backward + parameterGradients }

    /// The operations of a network without convolutions.
    public init(_ architecture: Architecture, rows: Int) {
        let hidden = architecture.hiddenSize
        let gates = architecture.cell.gates * hidden
        var (inputSide, inputGradient, hiddenSide) = (0, 0, 0)
        for layer in 0..<architecture.layers {
            let width = architecture.inputWidths(ofLayer: layer).reduce(0, +)
            for direction in 0..<architecture.directions {
                let steps = architecture.timesInUse(ofLayer: layer, isReverse: direction == 1).count
                inputSide += steps * gates * width
                // The examples' values need no gradient.
                if layer > 0 { inputGradient += steps * gates * width }
                // The first time step has no previous hidden state.
                hiddenSide += (steps - 1) * gates * hidden
            }
        }
        let readout = architecture.directions * architecture.classes * hidden
        let scale = 2 * rows
        forward = scale * (inputSide + hiddenSide + readout)
        backward = scale * (inputGradient + hiddenSide + readout)
        parameterGradients = scale * (inputSide + hiddenSide + readout)
    }
}
