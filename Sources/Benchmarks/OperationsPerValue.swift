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
