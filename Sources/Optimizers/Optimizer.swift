import Kernels

/// The update rules.
public enum OptimizerKind: String, Codable, Sendable, CaseIterable {
    /// Adam (Kingma and Ba 2015), with PyTorch's defaults but for the rate.
    case adam
    /// Stochastic gradient descent without momentum.
    case sgd
}

/// What turns gradients into an update, with the state that it keeps between steps.
public struct Optimizer: Sendable {
    /// The rule.
    public let kind: OptimizerKind
    /// The updates made so far.
    public private(set) var steps: Int
    /// Running mean of the gradients (Adam); empty without momentum.
    public let firstMoments: FloatBuffer
    /// Running mean of the squared gradients (Adam); empty without momentum.
    public let secondMoments: FloatBuffer

    private let kernels: any KernelSet.Type

    /// An optimizer that has made no step.
    public init(_ kind: OptimizerKind, count: Int, kernels: any KernelSet.Type) {
        let moments = kind == .adam ? count : 0
        self.init(
            kind, steps: 0, firstMoments: FloatBuffer(count: moments),
            secondMoments: FloatBuffer(count: moments), kernels: kernels)
    }

    /// An optimizer that goes on from a checkpoint's state.
    public init(
        _ kind: OptimizerKind, steps: Int, firstMoments: FloatBuffer, secondMoments: FloatBuffer,
        kernels: any KernelSet.Type
    ) {
        self.kind = kind
        self.steps = steps
        self.firstMoments = firstMoments
        self.secondMoments = secondMoments
        self.kernels = kernels
    }

    /// Updates the parameters by one step of the given learning rate.
    public mutating func update(
        _ parameters: FloatBuffer, gradients: FloatBuffer, learningRate: Double
    ) {
        steps += 1
        switch kind {
        case .adam:
            kernels.adam(
                parameters: parameters.vector, gradients: gradients.vector,
                firstMoments: firstMoments.vector, secondMoments: secondMoments.vector,
                Self.adamCoefficients(step: steps, learningRate: learningRate))
        case .sgd:
            kernels.sgd(
                parameters: parameters.vector, gradients: gradients.vector,
                rate: Float(learningRate))
        }
    }

    /// Adam's coefficients at update number `step`, which begins at 1.
    static func adamCoefficients(step: Int, learningRate: Double) -> AdamCoefficients {
        let beta1 = 0.9
        let beta2 = 0.999
        let firstCorrection = 1 - power(beta1, step)
        let secondCorrection = 1 - power(beta2, step)
        return AdamCoefficients(
            firstDecay: Float(1 - beta1), secondKeep: Float(beta2),
            secondDecay: Float(1 - beta2), stepSize: Float(learningRate / firstCorrection),
            rootOfSecondCorrection: Float(secondCorrection.squareRoot()), epsilon: 1e-8)
    }
}

/// base^exponent by repeated squaring: C libraries' `pow` differ in the last bit, products do not.
package func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    var square = base
    var rest = exponent
    while rest > 0 {
        if rest & 1 == 1 { result *= square }
        square *= square
        rest >>= 1
    }
    return result
}
