import DataParallel
import Files
import FoundationEssentials
import Logging

/// A worker process's identity for its coordinator.
struct OwnIdentity {
    /// The variable in which `tern train` passes a secret to each worker, so that a restarted one
    /// keeps its identity and none leaves a file.
    static let variable = "TERN_WORKER_SECRET"

    /// The secret that proves the identity.
    let secret: WorkerSecret
    /// Keeps the secret's file locked.
    private let kept: KeptSecret?

    /// This process's identity: passed in, kept in a file, or new if none can be kept.
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
