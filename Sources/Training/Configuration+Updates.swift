import Optimizers

// What the optimizer makes of the settings.

extension TrainingConfiguration {
    /// The examples of one step, over all workers.
    ///
    /// A lane passes a fixed number of rows at a time, whatever the batch. So the batches that a
    /// step accumulates are one batch of as many examples, to the bit and in the same memory.
    public var examplesPerStep: Int { batchSize * accumulate }

    /// The update rule with its constants.
    public var updateRule: UpdateRule {
        UpdateRule(
            optimizer, momentum: momentum, isNesterov: nesterov, weightDecay: weightDecay)
    }

    /// The learning rate of the update that follows `step` others.
    public func learningRate(step: Int, stepsPerEpoch: Int) -> Double {
        let schedule = Schedule(
            schedule, total: epochs * stepsPerEpoch, warmup: warmup,
            interval: stepEpochs * stepsPerEpoch, gamma: gamma)
        return schedule.rate(learningRate, step: step)
    }

    /// The first setting that makes another configuration's steps others, with its value here and
    /// there.
    ///
    /// Unless the schedule depends on them, epochs only say how many steps there are.
    public func differenceInSteps(
        from other: Self
    ) -> (option: String, value: String, other: String)? {
        var other = other
        if !schedule.dependsOnLength { other.epochs = epochs }
        return difference(from: other)
    }

    /// Checks that the settings of the updates are in range and go together.
    func validateUpdates() throws(ConfigurationError) {
        for (option, value) in [("label-smoothing", labelSmoothing), ("momentum", momentum)]
        where !(0..<1).contains(value) {
            throw .notAShare(option: option, value: "\(value)")
        }
        guard weightDecay >= 0, weightDecay.isFinite else {
            throw .negative(option: "weight-decay", value: "\(weightDecay)")
        }
        guard warmup >= 0 else { throw .negative(option: "warmup", value: "\(warmup)") }
        guard gamma > 0, gamma.isFinite else {
            throw .notPositive(option: "gamma", value: "\(gamma)")
        }
        let defaults = Self()
        let hasMomentum = optimizer == .sgd || optimizer == .rmsprop
        let hasSteps = schedule == .step
        for (option, isGiven, needed, isThere) in [
            ("momentum", momentum > 0, "--optimizer sgd or rmsprop", hasMomentum),
            ("nesterov", nesterov, "--optimizer sgd", optimizer == .sgd),
            ("nesterov", nesterov, "--momentum above 0", momentum > 0),
            ("step-epochs", stepEpochs != defaults.stepEpochs, "--schedule step", hasSteps),
            ("gamma", gamma != defaults.gamma, "--schedule step", hasSteps),
        ] where isGiven && !isThere {
            throw .withoutEffect(option: option, remedy: "give \(needed)")
        }
    }
}
