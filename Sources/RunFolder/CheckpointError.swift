import Files

/// Why a run cannot be resumed from its checkpoints.
public enum CheckpointError: Error, CustomStringConvertible, Equatable {
    /// All checkpoints are damaged; carries the reason for the newest.
    case noneWhole(String, folder: String)
    /// The record confirms none of the valid checkpoints; carries the reason for the oldest.
    case notRecorded(String, folder: String)
    /// The folder, or a file in it, cannot be read.
    case file(FileError)
    /// The checkpoint belongs to another data set.
    case otherData(path: String)
    /// The checkpoint has a step, or counts, that its run cannot reach.
    case impossible(path: String)

    /// One line: what is wrong and what to do.
    public var description: String {
        switch self {
        case .noneWhole(let reason, let folder):
            "no valid checkpoint is left: \(reason), or put \(folder) away to repeat all steps "
                + "with --resume"
        case .notRecorded(let reason, let folder):
            "the record confirms no checkpoint: \(reason); restore the original record, or put "
                + "\(folder) away to repeat all steps with --resume"
        case .file(let error): "\(error)"
        case .otherData(let path):
            "\(path) was made with another data set: give that one with --data, or start "
                + "again without --resume in a new --run-dir"
        case .impossible(let path):
            "\(path) is of a step that this run cannot have come to: remove it to go on from the one "
                + "before it, or start anew without --resume in a new --run-dir"
        }
    }
}
