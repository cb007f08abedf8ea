import Files
import Glibc
import ModelFiles
import Monitoring
import RunFolder
import Settings
import Training

/// The point to resume a run at: the newest intact checkpoint that its record confirms.
///
/// Resumed from any other checkpoint, the run could finish but would not verify.
public struct ResumePoint {
    /// The state to resume from; nil to begin with the first step.
    public private(set) var checkpoint: Checkpoint?
    /// The checkpoint's file.
    public private(set) var path: String?
    /// The files that the resumed run cannot use, and why.
    public private(set) var useless: [(path: String, reason: String)] = []
    /// The fault of the oldest intact checkpoint that the record does not confirm.
    private var unrecorded: String?

    /// Finds the resume point of a run's folder.
    ///
    /// - Throws: ``CheckpointError`` if no checkpoint is usable, ``ConfigurationError`` if the run
    ///   has other settings than the job, ``FileError`` if a file cannot be read.
    public init(in run: String, for job: Job) throws {
        let store = try RunDirectory.checkpoints(in: run)
        let paths = try store.paths()
        let record = try Self.record(of: run, job, keeping: Set(paths.compactMap(store.step)))
        for path in paths.reversed() {
            switch try store.content(of: path) {
            case .whole(let checkpoint): try take(checkpoint, path, run, job, record)
            case .damaged(let reason): useless.append((path, reason))
            case .gone: continue
            }
        }
        if checkpoint == nil, let unrecorded {
            throw CheckpointError.notRecorded(unrecorded, folder: store.folder)
        }
        if checkpoint == nil, let damage = useless.first {
            throw CheckpointError.noneWhole(damage.reason, folder: store.folder)
        }
        addResults(of: run, job)
    }

    private mutating func take(
        _ found: Checkpoint, _ path: String, _ run: String, _ job: Job, _ record: RunRecord?
    ) throws {
        guard checkpoint == nil else { return }
        try Self.check(found, path, fits: job)
        let isConfirmed = record?.confirms(found.parameters, afterStep: found.step)
        if found.step == 0 || isConfirmed == true {
            (checkpoint, self.path) = (found, path)
        } else {
            let reason =
                isConfirmed == nil
                ? "\(path) is of step \(found.step), but \(Self.end(of: record, run))"
                : "\(path) has other weights than the record has for step \(found.step)"
            useless.append((path, reason))
            unrecorded = reason
        }
    }

    /// Lists the model and the signature as unusable if more steps are to be made.
    private mutating func addResults(of run: String, _ job: Job) {
        let last = job.configuration.epochs * job.plan.stepsPerEpoch
        guard (checkpoint?.step ?? 0) < last else { return }
        for path in [RunDirectory.model(in: run), RunDirectory.signature(in: run)]
        where Files.exists(path) {
            useless.append((path, "\(path) is not of the steps that are to come"))
        }
    }

    private static func check(_ checkpoint: Checkpoint, _ path: String, fits job: Job) throws {
        let configuration = job.configuration
        if let setting = configuration.differenceInSteps(from: checkpoint.configuration) {
            guard setting.option != "epochs" else {
                throw ConfigurationError.otherLength(
                    epochs: configuration.epochs, made: checkpoint.configuration.epochs,
                    schedule: configuration.schedule, weights: path)
            }
            throw ConfigurationError.differs(
                option: setting.option, given: setting.value, expected: setting.other,
                where: path)
        }
        guard checkpoint.dataDigest == job.dataDigest, checkpoint.architecture == job.architecture
        else { throw CheckpointError.otherData(path: path) }
        let epochs = (checkpoint.step + job.plan.stepsPerEpoch - 1) / job.plan.stepsPerEpoch
        guard epochs <= configuration.epochs else {
            throw ConfigurationError.differs(
                option: "epochs", given: "\(configuration.epochs)",
                expected: "made steps of epoch \(epochs)", where: path)
        }
        guard checkpoint.fits(job) else { throw CheckpointError.impossible(path: path) }
    }

    /// The valid part of the record; nil if there is none.
    private static func record(
        of run: String, _ job: Job, keeping steps: Set<Int>
    ) throws -> RunRecord? {
        do {
            return try RunRecord(RunDirectory.steps(in: run), for: job, keeping: steps)
        } catch VerificationError.noHeading {
            return nil
        } catch let error as FileError where error.code == ENOENT {
            return nil
        }
    }

    private static func end(of record: RunRecord?, _ run: String) -> String {
        let path = RunDirectory.steps(in: run)
        guard let record else {
            return Files.exists(path) ? "\(path) is no record of steps" : "\(path) is not there"
        }
        return record.finding?.message ?? "\(path) ends at step \(record.steps)"
    }
}
