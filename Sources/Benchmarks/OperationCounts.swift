import KernelInterface
import NeuralNetwork

// The number of floating-point operations of the kernels, counted only here.
//
// Additions, multiplications, divisions and square roots count as one, a fused multiply-add as two;
// comparisons, selections, conversions, loads and bit operations count as none. The numbers follow
// the formulas in the kernels' sources and ignore common subexpressions that a compiler removes.

/// The operations of an element-wise kernel per value.
package enum OperationsPerValue {
    /// e^x - 1, split: the multiple of ln 2 (3), the rest (4), six terms (12), the last power (3).
    private static let splitExponential = 22
    private static let exponential = splitExponential + 2
    private static let sigmoid = exponential + 2

    package static let tanh = splitExponential + 6
    package static let tanhBackward = 3
    /// Per hidden value: three sigmoids, two hyperbolic tangents, the new state (3), the output
    /// (1).
    package static let lstm = 3 * sigmoid + 2 * tanh + 4
    /// Per hidden value: the state's gradient (5), four gates (4 each), the gradient carried on
    /// (1).
    package static let lstmBackward = 22
    /// Per hidden value: two sigmoids, the candidate and its preactivation (2), the new state (4).
    package static let gru = 2 * sigmoid + tanh + 6
    /// Per hidden value: candidate (5), reset (4) and update gate (4), the gradient carried on (3).
    package static let gruBackward = 16
    /// Per logit: its difference from the largest, the power, the sum, the quotient, the target.
    package static let softmaxCrossEntropy = exponential + 4
    package static let widen = 1
    package static let add = 1
    /// Per parameter: the first (3) and the second moment (4), the change (6).
    package static let adam = 13
}

extension ProductShape {
    /// One multiplication and one addition for each term of each element.
    package var operations: Int { 2 * rows * columns * depth * segments }
}

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
