import Monitoring
import RunFolder

/// The result of a verification.
public struct VerificationReport: Encodable, Sendable {
    /// The run's folder.
    public let run: String
    /// Whether no fault was found.
    public let isVerified: Bool
    /// The number of valid lines in the record, from the first step on.
    public let steps: Int
    /// The steps of the whole run.
    public let totalSteps: Int
    /// The steps of an epoch.
    public let stepsPerEpoch: Int
    /// The number of steps made before the replay.
    public let replayedFrom: Int
    /// The number of replayed steps.
    public let replayedSteps: Int
    /// The number of confirmed checkpoints.
    public let checkpoints: Int
    /// Whether there is a model.
    public let hasModel: Bool
    /// Whether the run ended because its numbers were no longer finite, which is not a fault.
    public let hasDiverged: Bool
    /// The kind of checksum of the weights in the record.
    public let record: RecordFormat
    /// The digest of the run, if it is complete and without fault.
    public let digest: RunDigest?
    /// Whether it has a signature.
    public let isSigned: Bool
    /// The key that made the signature; nil if none was required.
    public let signer: String?
    /// The faults.
    public let findings: [Finding]

    enum CodingKeys: String, CodingKey {
        case run, steps, totalSteps, stepsPerEpoch, replayedFrom, replayedSteps, checkpoints
        case record, findings
        case isVerified = "verified"
        case hasModel = "model"
        case hasDiverged = "diverged"
        case digest = "runDigest"
        case isSigned = "signed"
        case signer = "signedBy"
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

    /// Limits of what the verification proves, one per line.
    public var notes: [String] {
        record == .sha256
            ? []
            : [
                "\(RunDirectory.steps(in: run)) has 64-bit checksums that are not cryptographic: anyone "
                    + "can make other weights that fit them, so only what was replayed is proved"
            ]
    }

    /// The run's digest and signer, one per line.
    public var identity: [String] {
        guard let digest else { return [] }
        let line = "run digest  sha256 \(digest.digits)"
        guard isSigned else { return [line] }
        return [
            line,
            "signature   ed25519, "
                + (signer.map { "by \($0)" } ?? "not checked (give --signed-by)"),
        ]
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
