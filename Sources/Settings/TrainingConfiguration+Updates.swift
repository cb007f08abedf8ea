import Optimizers

// What the optimizer derives from the settings.

extension TrainingConfiguration {
    /// The number of examples in one step, over all workers.
    ///
    /// A lane processes a fixed number of rows per pass, whatever the batch. So accumulating several batches
    /// equals one batch of as many examples, to the bit and in the same memory.
    public var examplesPerStep: Int { batchSize * accumulate }

    /// The update rule with its hyperparameters.
    public var updateRule: UpdateRule {
        UpdateRule(
            optimizer, momentum: momentum, isNesterov: nesterov, weightDecay: weightDecay)
    }

    /// The learning rate of the update after `step` earlier ones.
    public func learningRate(step: Int, stepsPerEpoch: Int) -> Double {
        let schedule = Schedule(
            schedule, total: epochs * stepsPerEpoch, warmup: warmup,
            interval: stepEpochs * stepsPerEpoch, gamma: gamma)
        return schedule.rate(learningRate, step: step)
    }

    /// The first setting that changes the steps compared with another configuration, with both values.
    ///
    /// Epochs count only if the schedule depends on them; else they only set the number of steps.
    public func differenceInSteps(
        from other: Self
    ) -> (option: String, value: String, other: String)? {
        var other = other
        if !schedule.dependsOnLength { other.epochs = epochs }
        return difference(from: other)
    }
}
