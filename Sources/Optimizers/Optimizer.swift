import Kernels

/// Turns gradients into updates of the parameters, and keeps state between updates.
public struct Optimizer {
    /// The rule.
    public let rule: UpdateRule
    /// The updates made so far.
    public private(set) var steps: Int
    private let buffers: [StateVariable: FloatBuffer]
    private let kernels: any KernelSet.Type

    /// An optimizer that has made no update of its `count` parameters.
    public init(_ rule: UpdateRule, count: Int, kernels: any KernelSet.Type) {
        let variables = rule.stateVariables.map { ($0, FloatBuffer(count: count)) }
        self.init(
            rule, steps: 0, buffers: Dictionary(uniqueKeysWithValues: variables), kernels: kernels)
    }

    /// An optimizer that continues from a checkpoint's state.
    public init(
        _ rule: UpdateRule, steps: Int, state: OptimizerState, kernels: any KernelSet.Type
    ) {
        precondition(Set(state.keys) == Set(rule.stateVariables), "the state is of another rule")
        self.init(
            rule, steps: steps, buffers: state.mapValues { FloatBuffer(copying: $0) },
            kernels: kernels)
    }

    private init(
        _ rule: UpdateRule, steps: Int, buffers: [StateVariable: FloatBuffer],
        kernels: any KernelSet.Type
    ) {
        self.rule = rule
        self.steps = steps
        self.buffers = buffers
        self.kernels = kernels
    }

    /// A copy of the state that the rule keeps between updates.
    public var state: OptimizerState { buffers.mapValues { Snapshot(copying: $0) } }

    /// Updates the parameters by one step of the given learning rate, and overwrites the gradients.
    ///
    /// Each operation is one of PyTorch's, in its order.
    public mutating func update(
        _ parameters: FloatBuffer, gradients: FloatBuffer, learningRate: Double
    ) {
        steps += 1
        let (parameters, gradients) = (parameters.vector, gradients.vector)
        decay(parameters, gradients, learningRate: learningRate)
        switch rule.kind {
        case .adam, .adamw:
            kernels.adam(
                parameters: parameters, gradients: gradients,
                firstMoments: vector(.firstMoment), secondMoments: vector(.secondMoment),
                Self.adamCoefficients(step: steps, learningRate: learningRate))
        case .sgd:
            descend(parameters, gradients, learningRate: learningRate)
        case .rmsprop:
            kernels.rmsprop(
                gradients: gradients, secondMoments: vector(.secondMoment), keep: 0.99,
                decay: Float(1 - 0.99), epsilon: 1e-8)
            descend(parameters, gradients, learningRate: learningRate)
        }
    }

    private func vector(_ variable: StateVariable) -> Vector {
        guard let buffer = buffers[variable] else {
            preconditionFailure("\(rule.kind) keeps no \(variable)")
        }
        return buffer.vector
    }

    private func decay(_ parameters: Vector, _ gradients: Vector, learningRate: Double) {
        guard rule.weightDecay > 0 else { return }
        if rule.kind == .adamw {
            kernels.scale(parameters, by: Float(1 - learningRate * rule.weightDecay))
        } else {
            kernels.add(parameters, times: Float(rule.weightDecay), into: gradients)
        }
    }

    /// One step against the gradients, or against the velocity, which they update.
    private func descend(_ parameters: Vector, _ gradients: Vector, learningRate: Double) {
        var direction = gradients
        if rule.momentum > 0 {
            let velocity = vector(.velocity)
            kernels.scale(velocity, by: Float(rule.momentum))
            kernels.add(gradients, into: velocity)
            if rule.isNesterov {
                kernels.add(velocity, times: Float(rule.momentum), into: gradients)
            } else {
                direction = velocity
            }
        }
        kernels.add(direction, times: -Float(learningRate), into: parameters)
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
