import Files
import Glibc
import ModelFiles
import RunFolder
import Training

/// A checkpoint of a run.
struct SavedState {
    let path: String
    let checkpoint: Checkpoint

    var step: Int { checkpoint.step }

    /// The first bitwise difference from a replayed state; nil if there is none.
    func difference(from state: TrainingState) -> Finding? {
        // A replay cannot reproduce how long the steps took.
        let replayed = state.checkpoint(seconds: checkpoint.seconds)
        guard checkpoint.parameters.hasBytes(of: replayed.parameters) else { return otherWeights }
        func wrong(_ part: String) -> Finding {
            Finding(path, step: step, "\(part) after step \(step)")
        }
        for variable in checkpoint.configuration.updateRule.stateVariables {
            guard let values = checkpoint.optimizerState[variable],
                let right = replayed.optimizerState[variable], values.hasBytes(of: right)
            else { return wrong("its optimizer's state is not the one") }
        }
        guard checkpoint.epoch == replayed.epoch, checkpoint.epochTally == replayed.epochTally
        else { return wrong("what it counts of its epoch is not what was counted") }
        return nil
    }

    /// The finding that its weights are wrong.
    var otherWeights: Finding {
        Finding(path, step: step, "its weights are not the ones after step \(step)")
    }
}

/// The intact checkpoints that belong to a run.
struct SavedStates {
    /// The checkpoints, sorted by file name.
    private(set) var states: [SavedState] = []
    /// The faults of the others.
    private(set) var findings: [Finding] = []

    /// Reads the checkpoints of a run.
    ///
    /// All are kept in memory, because a run in progress may remove them before the replay reaches
    /// them.
    ///
    /// - Throws: ``VerificationError`` if all of them were made with another data set.
    ///   ``FileError`` if their folder cannot be read, or if they take too much memory.
    init(in store: CheckpointStore, of job: Job) throws {
        var foreign: [String] = []
        var room = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) / 4
        for path in try store.paths() {
            do {
                let bytes = try store.read(path)
                room -= bytes.count
                guard room >= 0 else { throw FileError(operation: "read", path: path, code: EFBIG) }
                let checkpoint = try Checkpoint(parsing: bytes, path: path)
                if checkpoint.dataDigest != job.dataDigest {
                    foreign.append(path)
                } else if let finding = Self.strange(checkpoint, path, store, job) {
                    findings.append(finding)
                } else {
                    states.append(SavedState(path: path, checkpoint: checkpoint))
                }
            } catch let error as FileError where error.code == ENOENT {
                // A run in progress may remove its oldest checkpoint at any time.
                continue
            } catch let error as FileError where error.code == EFBIG {
                throw error
            } catch {
                findings.append(Finding(path, line: "\(error)"))
            }
        }
        if states.isEmpty, let path = foreign.first {
            throw VerificationError.otherData(path: path)
        }
        findings += foreign.map { Finding($0, "it was made with another data set") }
    }

    /// The finding that a checkpoint belongs to another run, or to another step than its name has.
    private static func strange(
        _ checkpoint: Checkpoint, _ path: String, _ store: CheckpointStore, _ job: Job
    ) -> Finding? {
        if let setting = job.configuration.differenceInSteps(from: checkpoint.configuration) {
            return Finding(path, otherSetting: setting)
        }
        guard checkpoint.architecture == job.architecture else {
            return Finding(path, "it is of another network")
        }
        guard store.step(of: path) == checkpoint.step else {
            return Finding(path, "it is of step \(checkpoint.step), which its name does not say")
        }
        return nil
    }
}
