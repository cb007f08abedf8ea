import Optimizers

// What the optimizer makes of the settings.

extension TrainingConfiguration {
    /// The update rule with its constants.
    public var updateRule: UpdateRule {
        UpdateRule(
            optimizer, momentum: momentum, isNesterov: nesterov, weightDecay: weightDecay)
    }

    /// Checks that the settings of the updates are in range and go together.
    func validateUpdates() throws(ConfigurationError) {
        guard (0..<1).contains(momentum) else {
            throw .notAShare(option: "momentum", value: "\(momentum)")
        }
        guard weightDecay >= 0, weightDecay.isFinite else {
            throw .negative(option: "weight-decay", value: "\(weightDecay)")
        }
        let hasMomentum = optimizer == .sgd || optimizer == .rmsprop
        for (option, isGiven, needed, isThere) in [
            ("momentum \(momentum)", momentum > 0, "--optimizer sgd or rmsprop", hasMomentum),
            ("nesterov", nesterov, "--optimizer sgd", optimizer == .sgd),
            ("nesterov", nesterov, "--momentum above 0", momentum > 0),
        ] where isGiven && !isThere {
            throw .withoutEffect(option: option, remedy: "give \(needed)")
        }
    }
}
