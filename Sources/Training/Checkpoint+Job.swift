import ModelFiles

extension Checkpoint {
    /// Whether a job can reach this checkpoint's step and its epoch's tally.
    public func fits(_ job: Job) -> Bool {
        let plan = job.plan
        let used = step > 0 ? plan.positions(ofStep: step - 1).upperBound : 0
        return step <= job.configuration.epochs * plan.stepsPerEpoch
            && epoch == (step + plan.stepsPerEpoch - 1) / plan.stepsPerEpoch
            && epochTally.examples == used && epochTally.correct <= used
    }
}
