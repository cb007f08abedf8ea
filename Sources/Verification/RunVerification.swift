import FoundationEssentials
import Monitoring
import TernKit
import Training

/// Finds out whether a run is what its configuration and its data make of it.
///
/// It reads the record, makes the steps again on all cores and compares, and never writes. What a run that goes on
/// has written so far can be verified as well.
public struct RunVerification {
    private let job: Job
    private let recordPath: String
    private let run: String
    private let configuration: RunConfiguration

    /// Called after each step with its report and the step that is to be the last; may throw to end.
    public typealias Watch = (_ step: StepReport, _ last: Int) throws -> Void

    /// A verification of the run in the folder `run`.
    ///
    /// - Parameters:
    ///   - configuration: the run's, as ``configuration(of:)`` gives it.
    ///   - job: the same with its data.
    public init(_ run: String, _ configuration: RunConfiguration, _ job: Job) {
        self.run = run
        self.configuration = configuration
        self.job = job
        recordPath = RunDirectory.steps(in: run)
    }

    /// The configuration of a run that can be verified.
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
    /// - Parameter from: a step; the replay begins at the newest good checkpoint up to there, or at
    ///   the initial weights if this is nil or there is none.
    /// - Throws: what kept it from finding out; what it found is in the report.
    public func verify(from: Int?, watch: Watch) async throws -> VerificationReport {
        // These first: what they cover is in the record by then, if the run is going on.
        let hasModel = Files.exists(modelPath)
        let saved = try SavedStates(in: RunDirectory.checkpoints(in: run), of: job)
        let needed = hasModel ? totalSteps : saved.states.last?.step ?? 0
        let record = try RunRecord(
            recordPath, for: job, keeping: Set(saved.states.map(\.step) + [totalSteps]))
        let start = from.flatMap { startingPoint(upTo: $0, saved.states, record) }
        var replay = Replay(
            LocalRun(try jobToReplay(from: start), lanes: nil, resuming: start), of: record,
            saved: saved.states)
        try await replay.make(watch)

        let verdicts = saved.states.compactMap {
            replay.verdicts[$0.step] ?? record.verdict(on: $0)
        }
        var findings = [record.finding ?? record.shortfall(needed: needed)].compactMap(\.self)
        findings += [replay.finding].compactMap(\.self) + saved.findings
        for case .wrong(let finding) in verdicts { findings.append(finding) }
        let last = replay.step == totalSteps ? replay.weights : record.weights[totalSteps]
        if hasModel, let last, let finding = modelFinding(weights: last) {
            findings.append(finding)
        }
        return VerificationReport(
            run: run, isVerified: findings.isEmpty, steps: record.steps, totalSteps: totalSteps,
            stepsPerEpoch: job.plan.stepsPerEpoch, replayedFrom: replay.start,
            replayedSteps: replay.step - replay.start,
            checkpoints: verdicts.count(where: \.isGood), hasModel: hasModel,
            hasDiverged: !replay.isFinite || hasDiverged, findings: findings)
    }

    /// Whether the run's result says that it ended since its numbers were no longer finite.
    private var hasDiverged: Bool {
        guard let text = try? RunDirectory.read(RunDirectory.summary(in: run)),
            let summary = try? JSONDecoder().decode(RunSummary.self, from: Data(text))
        else { return false }
        return summary.status == "diverged"
    }

    private var totalSteps: Int { job.configuration.epochs * job.plan.stepsPerEpoch }
    private var modelPath: String { RunDirectory.model(in: run) }

    /// The newest checkpoint up to a step whose weights are those of the record.
    private func startingPoint(
        upTo step: Int, _ saved: [SavedState], _ record: RunRecord
    ) -> Checkpoint? {
        for state in saved.reversed() where state.step <= step {
            // A run that is going on may have removed it meanwhile: then one before it will do.
            guard record.verdict(on: state)?.isGood == true,
                let bytes = try? RunDirectory.checkpoints(in: run).read(state.path),
                let checkpoint = try? Checkpoint(parsing: bytes, path: state.path)
            else { continue }
            return checkpoint
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

    private func modelFinding(weights: UInt64) -> Finding? {
        let path = modelPath
        do {
            let model = try ModelFile(parsing: RunDirectory.read(path), path: path)
            let (settings, known) = (model.configuration, job.configuration)
            if let setting = settings.flatMap({ known.difference(from: $0) }) {
                return Finding(path, otherSetting: setting)
            }
            let isRight =
                model.architecture == job.architecture && model.parameters.checksum == weights
            return isRight ? nil : Finding(path, "its weights are not the ones after the last step")
        } catch {
            return Finding(path, line: "\(error)")
        }
    }
}
