import Kernels

/// The update rules.
public enum OptimizerKind: String, Codable, Sendable, CaseIterable {
    /// Adam (Kingma and Ba 2015), with PyTorch's defaults except for the rate.
    case adam
    /// Adam with decoupled weight decay, outside its moments (Loshchilov and Hutter 2019).
    case adamw
    /// Stochastic gradient descent.
    case sgd
    /// Descent along the gradients divided by their root mean squares (Tieleman and Hinton 2012).
    case rmsprop
}

/// An update rule with its constants; all others are PyTorch's defaults.
public struct UpdateRule: Sendable, Equatable {
    /// The rule.
    public let kind: OptimizerKind
    /// The fraction of the velocity kept at an update (SGD, RMSprop); 0 for no momentum.
    public let momentum: Double
    /// Whether the gradient is taken further along the velocity (Nesterov 1983; SGD).
    public let isNesterov: Bool
    /// Pulls the parameters to zero: as part of the gradient, or in AdamW by shrinking them.
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

    /// The state that the rule keeps per parameter between updates.
    public var stateVariables: [StateVariable] {
        let velocity: [StateVariable] = momentum > 0 ? [.velocity] : []
        return switch kind {
        case .adam, .adamw: [.firstMoment, .secondMoment]
        case .sgd: velocity
        case .rmsprop: [.secondMoment] + velocity
        }
    }
}

/// A state that an update rule may keep per parameter; checkpoints use the names.
public enum StateVariable: String, Sendable {
    /// The running mean of the gradients.
    case firstMoment = "first_moment"
    /// The running mean of the squared gradients.
    case secondMoment = "second_moment"
    /// The decaying sum of the directions to descend along: PyTorch's momentum buffer.
    case velocity
}

/// All state that an update rule keeps between updates: for each variable, one value per parameter.
public typealias OptimizerState = [StateVariable: Snapshot]
