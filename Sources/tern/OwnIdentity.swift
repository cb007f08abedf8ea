import DataParallel
import FoundationEssentials
import Logging
import Training

/// The identity that a worker process shows to its coordinator.
struct OwnIdentity {
    /// The variable in which `tern train` gives one to each of its workers, so that one that is started
    /// again has the same and none leaves a file.
    static let variable = "TERN_WORKER_SECRET"

    /// What proves it.
    let secret: WorkerSecret
    /// Holds the file that it is kept in.
    private let kept: KeptSecret?

    /// The identity of this process: given, kept in a file, or new where none can be kept.
    init(_ logger: Logger) {
        if let given = ProcessInfo.processInfo.environment[Self.variable],
            let secret = WorkerSecret(given)
        {
            (self.secret, kept) = (secret, nil)
            return
        }
        kept = Self.keep(logger)
        secret = kept?.secret ?? .random()
    }

    private static func keep(_ logger: Logger) -> KeptSecret? {
        let reason: String
        if let folder = configurationFolder {
            do throws(FileError) {
                return try KeptSecret(in: "\(folder)/workers")
            } catch {
                reason = "\(error)"
            }
        } else {
            reason = "there is no home folder"
        }
        logger.warning(
            "coordinators will not know this worker again when it is restarted: \(reason)")
        return nil
    }
}
