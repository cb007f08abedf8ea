import Glibc
import Training

/// What a checkpoint holds, as checksums.
struct SavedState {
    let path: String
    let step: Int
    let weights: UInt64
    private let optimizer: [UInt64]

    init(_ checkpoint: Checkpoint, path: String) {
        self.path = path
        step = checkpoint.step
        weights = checkpoint.parameters.checksum
        optimizer = checkpoint.configuration.updateRule.stateVariables.map {
            checkpoint.optimizerState[$0]?.checksum ?? 0
        }
    }

    /// What tells it from the state that a replay has come to; nil if nothing does.
    func difference(from state: TrainingState) -> Finding? {
        let replayed = SavedState(state.checkpoint(seconds: 0), path: path)
        guard weights == replayed.weights else { return otherWeights }
        guard optimizer == replayed.optimizer else {
            return Finding(
                path, step: step, "its optimizer's state is not the one after step \(step)")
        }
        return nil
    }

    /// The finding that its weights are others than they must be.
    var otherWeights: Finding {
        Finding(path, step: step, "its weights are not the ones after step \(step)")
    }
}

/// The checkpoints of a run that belong to it and are whole.
struct SavedStates {
    /// In the order of their steps.
    private(set) var states: [SavedState] = []
    /// What is wrong with the others.
    private(set) var findings: [Finding] = []

    /// Reads the checkpoints of a run.
    ///
    /// - Throws: ``VerificationError`` if all of them were made with another data set.
    ///   ``FileError`` if their folder cannot be read.
    init(in store: CheckpointStore, of job: Job) throws {
        var foreign: [String] = []
        for path in try store.paths() {
            do {
                let checkpoint = try Checkpoint(parsing: store.read(path), path: path)
                if let setting = job.configuration.differenceInSteps(
                    from: checkpoint.configuration)
                {
                    findings.append(Finding(path, otherSetting: setting))
                } else if checkpoint.dataDigest != job.dataDigest {
                    foreign.append(path)
                } else {
                    states.append(SavedState(checkpoint, path: path))
                }
            } catch let error as FileError where error.code == ENOENT {
                // A run that goes on removes its oldest checkpoint at any time.
                continue
            } catch {
                findings.append(Finding(path, line: "\(error)"))
            }
        }
        if states.isEmpty, let path = foreign.first {
            throw VerificationError.otherData(path: path)
        }
        findings += foreign.map { Finding($0, "it was made with another data set") }
    }
}
