/// Why a run cannot be verified at all.
public enum VerificationError: Error, CustomStringConvertible, Equatable {
    /// There is no run in the folder.
    case noRun(String)
    /// The run has no record.
    case noRecord(String)
    /// The record lacks its heading.
    case noHeading(String)
    /// The record changed during the verification.
    case changed(String)
    /// The data differs from the run's.
    case otherData(path: String)
    /// The run has no signature.
    case notSigned(path: String)
    /// The signature is not in Tern's format.
    case noSignature(path: String)
    /// The signature was made with another key than required.
    case otherKey(path: String, key: String)
    /// The run cannot be signed.
    case cannotSign(String)

    /// One line that says what is wrong and what to do.
    public var description: String {
        switch self {
        case .noRun(let path):
            "\(path) holds no run (it has no config.json): name the folder of a run"
        case .noRecord(let path):
            "\(path) does not exist: older versions of Tern kept no record, so their runs cannot be "
                + "verified, only repeated with --config"
        case .noHeading(let path):
            "\(path) is not a record of steps: its first line is not "
                + "step,epoch,first,end,weights_sha256; restore the original file"
        case .changed(let path):
            "\(path) was truncated while Tern read it, as when a run is resumed: verify it again"
        case .otherData(let path):
            "\(path) was made with another data set: give the run's data with --data"
        case .notSigned(let path):
            "\(path) does not exist: the run was not signed, or is not complete; go on with --resume and "
                + "--sign to sign it, or leave out --signed-by"
        case .noSignature(let path):
            "\(path) is not a signature as Tern writes it, or was altered: get the original file, or "
                + "put it away to verify the rest"
        case .otherKey(let path, let key):
            "\(path) was not made with the private half of \(key), or was altered: check whose key this "
                + "is, and get the original file"
        case .cannotSign(let reason):
            "the run is complete but not signed, since it would not verify: \(reason)"
        }
    }
}
