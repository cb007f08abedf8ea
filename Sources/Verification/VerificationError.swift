/// Why a run cannot be verified at all.
public enum VerificationError: Error, CustomStringConvertible, Equatable {
    /// There is no run in the folder.
    case noRun(String)
    /// The run has no record.
    case noRecord(String)
    /// The record does not begin like one.
    case noHeading(String)
    /// The record is not what it was a moment ago.
    case changed(String)
    /// The data at hand are not those that the run was made with.
    case otherData(path: String)

    /// One line that says what is wrong and what to do.
    public var description: String {
        switch self {
        case .noRun(let path):
            "\(path) holds no run (it has no config.json): name the folder of a run"
        case .noRecord(let path):
            "\(path) is not there: a run made by a version of Tern that kept no record cannot be "
                + "verified, only made again with --config"
        case .noHeading(let path):
            "\(path) is no record of steps: its first line is not "
                + "step,epoch,first,end,weights; bring the former file back"
        case .changed(let path):
            "\(path) was cut while it was read, as by a run that is resumed: verify it once more"
        case .otherData(let path):
            "\(path) was made with another data set: give the run's data with --data"
        }
    }
}
