import Files
import FoundationEssentials
import Hashing
import KernelInterface
import ModelFiles
import Monitoring
import RunEvents
import Settings
import TernKit
import Training

/// Verifies that a run follows from its configuration and its data.
///
/// It reads the record, repeats the steps on all cores and compares, and never writes. A run in
/// progress can be verified up to its current state.
public struct RunVerification {
    private let job: Job
    private let recordPath: String
    private let run: String
    private let configuration: RunConfiguration

    /// Called after each step with its report and the last step to replay; may throw to stop.
    public typealias Watch = (_ step: StepReport, _ last: Int) throws -> Void

    /// A verification of the run in the folder `run`.
    ///
    /// - Parameters:
    ///   - configuration: the run's, from ``configuration(of:)``.
    ///   - job: the configuration with its data.
    public init(_ run: String, _ configuration: RunConfiguration, _ job: Job) {
        self.run = run
        self.configuration = configuration
        self.job = job
        recordPath = RunDirectory.steps(in: run)
    }

    /// The configuration of a run to verify.
    ///
    /// - Throws: ``VerificationError`` if the folder holds no run or no record, ``FileError`` or
    ///   ``ConfigurationError`` if its configuration cannot be read.
    public static func configuration(of run: String) throws -> RunConfiguration {
        let path = RunDirectory.configuration(in: run)
        guard Files.exists(path) else { throw VerificationError.noRun(run) }
        let record = RunDirectory.steps(in: run)
        guard Files.exists(record) else { throw VerificationError.noRecord(record) }
        return try RunConfiguration(parsing: RunDirectory.read(path), path: path)
    }

    /// Verifies the run.
    ///
    /// - Parameters:
    ///   - from: a step; the replay begins at the newest confirmed checkpoint up to it, or at the
    ///     initial weights if this is nil or there is none.
    ///   - signer: the required signer's key, with its file; nil if no signature is required.
    /// - Throws: the reason why the run cannot be verified; faults of the run are in the report.
    public func verify(
        from: Int?, signer: (key: VerifyingKey, path: String)? = nil, watch: Watch
    ) async throws -> VerificationReport {
        let signature = try signature(by: signer)
        // Reads these before the record, so that the record of a run in progress covers them.
        let result = summary
        let hasModel = Files.exists(modelPath)
        let saved = try SavedStates(in: RunDirectory.checkpoints(in: run), of: job)
        let needed = hasModel ? totalSteps : saved.states.map(\.step).max() ?? 0
        let record = try RunRecord(
            recordPath, for: job,
            keeping: Set(saved.states.map(\.step) + [totalSteps, result.summary?.steps ?? 0]))
        let start = from.flatMap { startingPoint(upTo: $0, saved.states, record) }
        let fault = record.finding ?? record.shortfall(needed: needed)
        // With an incomplete record, the result would only be reported for the same fault.
        let check = (fault == nil ? result.summary : nil).map {
            SummaryCheck(
                $0, summaryPath, of: job, record, from: start?.step ?? 0, hasModel: hasModel)
        }
        var replay = Replay(
            LocalRun(try jobToReplay(from: start), lanes: nil, resuming: start), of: record,
            saved: saved.states, summary: check)
        try await replay.make(watch)

        let verdicts = saved.states.compactMap {
            replay.verdicts[$0.path] ?? record.verdict(on: $0)
        }
        var findings = [fault, replay.finding].compactMap(\.self) + saved.findings
        for case .wrong(let finding) in verdicts { findings.append(finding) }
        if hasModel { findings += [modelFinding(replay, record)].compactMap(\.self) }
        findings += [result.finding ?? replay.summary?.finding].compactMap(\.self)
        // The digest of a faulty run would be meaningless.
        let digest =
            hasModel && findings.isEmpty
            ? RunDigest(job, record, weights: replay.parameters.sha256) : nil
        if findings.isEmpty, let signature, signature.digest != digest {
            findings.append(otherRun(signature, digest))
        }
        return VerificationReport(
            run: run, isVerified: findings.isEmpty, steps: record.steps, totalSteps: totalSteps,
            stepsPerEpoch: job.plan.stepsPerEpoch, replayedFrom: replay.start,
            replayedSteps: replay.step - replay.start,
            checkpoints: verdicts.count(where: \.isGood), hasModel: hasModel,
            hasDiverged: !replay.isFinite || replay.summary?.hasDiverged == true,
            record: record.format, digest: digest, isSigned: signature != nil,
            signer: signer?.path, findings: findings)
    }

    /// The run's result, or the fault of its file.
    private var summary: (summary: RunSummary?, finding: Finding?) {
        guard Files.exists(summaryPath) else { return (nil, nil) }
        do {
            let bytes = try RunDirectory.read(summaryPath)
            return (try JSONDecoder().decode(RunSummary.self, from: Data(bytes)), nil)
        } catch let error as FileError {
            return (nil, Finding(summaryPath, line: "\(error)"))
        } catch {
            return (nil, Finding(summaryPath, "it is not what a run writes of its result"))
        }
    }

    /// The run's signature, if any.
    ///
    /// - Throws: ``VerificationError`` if the required signer has not signed the run.
    private func signature(
        by signer: (key: VerifyingKey, path: String)?
    ) throws -> RunSignature? {
        let path = RunDirectory.signature(in: run)
        guard Files.exists(path) else {
            if signer != nil { throw VerificationError.notSigned(path: path) }
            return nil
        }
        guard let signature = RunSignature(parsing: try RunDirectory.read(path)) else {
            throw VerificationError.noSignature(path: path)
        }
        if let signer, !signature.isMade(by: signer.key) {
            throw VerificationError.otherKey(path: path, key: signer.path)
        }
        return signature
    }

    private func otherRun(_ signature: RunSignature, _ digest: RunDigest?) -> Finding {
        let own = digest.map { "this one has \($0.digits)" } ?? "this one is not complete"
        return Finding(
            RunDirectory.signature(in: run),
            "it signs the run with the digest \(signature.digest.digits), but \(own)")
    }

    private var summaryPath: String { RunDirectory.summary(in: run) }
    private var totalSteps: Int { job.configuration.epochs * job.plan.stepsPerEpoch }
    private var modelPath: String { RunDirectory.model(in: run) }

    /// The newest checkpoint up to a step whose weights the record confirms.
    private func startingPoint(
        upTo step: Int, _ saved: [SavedState], _ record: RunRecord
    ) -> Checkpoint? {
        for state in saved.sorted(by: { $0.step > $1.step }) where state.step <= step {
            if record.verdict(on: state)?.isGood == true { return state.checkpoint }
        }
        return nil
    }

    private func jobToReplay(from start: Checkpoint?) throws -> Job {
        var job = job
        if start == nil {
            job.initialParameters = try configuration.initialParameters(for: job.architecture)
        }
        return job
    }

    private func modelFinding(_ replay: Replay, _ record: RunRecord) -> Finding? {
        let path = modelPath
        do {
            let model = try ModelFile(parsing: RunDirectory.read(path), path: path)
            guard let settings = model.configuration, model.step == nil else {
                return Finding(path, "it does not say how it was trained, as a run's model does")
            }
            if let setting = job.configuration.difference(from: settings) {
                return Finding(path, otherSetting: setting)
            }
            guard (model.dataDigest ?? job.dataDigest) == job.dataDigest,
                model.dataset == job.dataset.name
            else { return Finding(path, "it was made with another data set") }
            guard model.architecture == job.architecture,
                areLast(model.parameters, replay, record)
            else { return Finding(path, "its weights are not the ones after the last step") }
            return nil
        } catch {
            return Finding(path, line: "\(error)")
        }
    }

    /// Whether these are the weights after the last step, as far as known.
    private func areLast(
        _ parameters: Snapshot, _ replay: Replay, _ record: RunRecord
    ) -> Bool {
        guard replay.step < totalSteps else { return parameters.hasBytes(of: replay.parameters) }
        // The replay stopped earlier at a fault.
        return record.confirms(parameters, afterStep: totalSteps) ?? true
    }
}
