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
}
