import ModelFiles

extension Checkpoint {
    /// Whether a job can have come to this step and to what its epoch has added up to.
    public func fits(_ job: Job) -> Bool {
        let plan = job.plan
        let used = step > 0 ? plan.positions(ofStep: step - 1).upperBound : 0
        return step <= job.configuration.epochs * plan.stepsPerEpoch
            && epoch == (step + plan.stepsPerEpoch - 1) / plan.stepsPerEpoch
            && epochTally.examples == used && epochTally.correct <= used
    }
}
