import Kernels

/// The update rules.
public enum OptimizerKind: String, Codable, Sendable, CaseIterable {
    /// Adam (Kingma and Ba 2015), with PyTorch's defaults but for the rate.
    case adam
    /// Adam with a weight decay that leaves its moments alone (Loshchilov and Hutter 2019).
    case adamw
    /// Stochastic gradient descent.
    case sgd
    /// Descent along the gradients over their root mean squares (Tieleman and Hinton 2012).
    case rmsprop
}

/// An update rule with its constants; those not named here are PyTorch's defaults.
public struct UpdateRule: Sendable, Equatable {
    /// The rule.
    public let kind: OptimizerKind
    /// What is kept of the velocity at an update (SGD, RMSprop); 0 for no momentum.
    public let momentum: Double
    /// Whether the gradient is that of a point further along the velocity (Nesterov 1983; SGD).
    public let isNesterov: Bool
    /// The pull of the parameters to zero: part of the gradient but for AdamW, which shrinks them.
    public let weightDecay: Double

    /// A rule with its constants.
    public init(
        _ kind: OptimizerKind, momentum: Double = 0, isNesterov: Bool = false,
        weightDecay: Double = 0
    ) {
        self.kind = kind
        self.momentum = momentum
        self.isNesterov = isNesterov
        self.weightDecay = weightDecay
    }

    /// What the rule keeps of each parameter between updates.
    public var stateVariables: [StateVariable] {
        let velocity: [StateVariable] = momentum > 0 ? [.velocity] : []
        return switch kind {
        case .adam, .adamw: [.firstMoment, .secondMoment]
        case .sgd: velocity
        case .rmsprop: [.secondMoment] + velocity
        }
    }
}

/// What an update rule may keep of each parameter; checkpoints use the names.
public enum StateVariable: String, Sendable {
    /// The running mean of the gradients.
    case firstMoment = "first_moment"
    /// The running mean of the squared gradients.
    case secondMoment = "second_moment"
    /// The decaying sum of the directions to descend along: PyTorch's momentum buffer.
    case velocity
}

/// All that an update rule keeps between two updates: for each of its variables, a value a parameter.
public typealias OptimizerState = [StateVariable: Snapshot]
