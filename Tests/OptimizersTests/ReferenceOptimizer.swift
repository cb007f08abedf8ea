import Optimizers
import Testing

/// Rules of each kind with each constant.
let sampleRules = [
    UpdateRule(.adam), UpdateRule(.adam, weightDecay: 0.1),
    UpdateRule(.adamw), UpdateRule(.adamw, weightDecay: 0.1),
    UpdateRule(.sgd), UpdateRule(.sgd, weightDecay: 0.1), UpdateRule(.sgd, momentum: 0.9),
    UpdateRule(.sgd, momentum: 0.9, isNesterov: true),
    UpdateRule(.sgd, momentum: 0.7, isNesterov: true, weightDecay: 0.1),
    UpdateRule(.rmsprop), UpdateRule(.rmsprop, momentum: 0.9),
    UpdateRule(.rmsprop, momentum: 0.7, weightDecay: 0.1),
]

/// The update of one parameter in double precision, as PyTorch's documentation defines each rule.
struct ReferenceOptimizer {
    let rule: UpdateRule
    private(set) var parameter: Double
    private var m = 0.0
    private var v = 0.0
    private var velocity = 0.0
    private var firstPower = 1.0  // beta1^t
    private var secondPower = 1.0  // beta2^t

    init(_ rule: UpdateRule, parameter: Double) {
        self.rule = rule
        self.parameter = parameter
    }

    mutating func update(gradient: Double, rate: Double) {
        var g = gradient
        if rule.kind == .adamw {
            parameter -= rate * rule.weightDecay * parameter
        } else {
            g += rule.weightDecay * parameter
        }
        switch rule.kind {
        case .adam, .adamw:
            m = 0.9 * m + 0.1 * g
            v = 0.999 * v + 0.001 * g * g
            firstPower *= 0.9
            secondPower *= 0.999
            let root = (v / (1 - secondPower)).squareRoot()
            parameter -= rate * m / (1 - firstPower) / (root + 1e-8)
        case .sgd:
            velocity = rule.momentum * velocity + g
            parameter -= rate * (rule.isNesterov ? g + rule.momentum * velocity : velocity)
        case .rmsprop:
            v = 0.99 * v + 0.01 * g * g
            velocity = rule.momentum * velocity + g / (v.squareRoot() + 1e-8)
            parameter -= rate * velocity
        }
    }
}

extension UpdateRule: CustomTestStringConvertible {
    /// The kind of the rule and its nonzero constants.
    public var testDescription: String {
        var words = ["\(kind)"]
        if momentum > 0 { words.append("momentum \(momentum)") }
        if isNesterov { words.append("nesterov") }
        if weightDecay > 0 { words.append("decay \(weightDecay)") }
        return words.joined(separator: ", ")
    }
}
