/// What a verification came to.
public struct VerificationReport: Encodable, Sendable {
    /// The run's folder.
    public let run: String
    /// Whether all is as it must be.
    public let isVerified: Bool
    /// The steps that the record has as it must, from the first on.
    public let steps: Int
    /// The steps of the whole run.
    public let totalSteps: Int
    /// The steps of an epoch.
    public let stepsPerEpoch: Int
    /// The steps that were made before the replay began.
    public let replayedFrom: Int
    /// The steps that were replayed.
    public let replayedSteps: Int
    /// The checkpoints that agree.
    public let checkpoints: Int
    /// Whether there is a model.
    public let hasModel: Bool
    /// Whether the run ended since its numbers were no longer finite, which is no fault of its files.
    public let hasDiverged: Bool
    /// What is wrong.
    public let findings: [Finding]

    enum CodingKeys: String, CodingKey {
        case run, steps, totalSteps, stepsPerEpoch, replayedFrom, replayedSteps, checkpoints
        case findings
        case isVerified = "verified"
        case hasModel = "model"
        case hasDiverged = "diverged"
    }

    /// The result in one sentence.
    public var sentence: String {
        guard isVerified else {
            let count = findings.count
            return "\(run) does not verify: \(count) problem\(count == 1 ? "" : "s") found"
        }
        let end = hasDiverged ? ["then the training diverged"] : []
        return ([positions, replay, files] + end).joined(separator: "; ")
    }

    private var positions: String {
        let epochs = steps / stepsPerEpoch
        guard steps > 0 else { return "no step is recorded yet" }
        guard steps % stepsPerEpoch == 0 else {
            return "every position up to step \(steps), in epoch \(epochs + 1) of "
                + "\(totalSteps / stepsPerEpoch), was used exactly once"
        }
        return "every position of \(plural(epochs, "epoch")) was used exactly once"
    }

    private var replay: String {
        guard replayedSteps > 0 else { return "no step to replay" }
        let start = replayedFrom > 0 ? " from step \(replayedFrom)" : ""
        return "\(plural(replayedSteps, "step")) replayed\(start), all weights as recorded"
    }

    private var files: String {
        switch (checkpoints, hasModel) {
        case (0, false): "no checkpoint was written yet"
        case (0, true): "the model agrees"
        case (1, false): "1 checkpoint agrees"
        case (_, false): "\(checkpoints) checkpoints agree"
        case (_, true): "\(plural(checkpoints, "checkpoint")) and the model agree"
        }
    }

    private func plural(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }
}
