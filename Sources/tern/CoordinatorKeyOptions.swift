import ArgumentParser
import DataParallel
import Keys
import Training

/// Which key a coordinator has.
struct CoordinatorKeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "File of the coordinator's key; the list of those who may join is beside it, in FILE.workers: "
                + "see tern key. Or the key of a job; '-' reads it from standard input. 'none': anyone may join, and nothing is encrypted. (default: "
                + "the key in $TERN_JOB_KEY, or the file $TERN_COORDINATOR_KEY or ~/.config/tern/coordinator.key over tcp; none over ipc)",
            valueName: "file"))
    var key: String?

    /// The option for another command line, behind a space; empty where it was not given.
    var text: String { keyText(key) }

    /// Whom an endpoint lets in; nil for anybody.
    func door(for endpoint: String) throws -> Door? {
        if key == nil, endpoint.hasPrefix("tcp://"), let job = try JobKey.ofEnvironment {
            return try Door(job.coordinator)
        }
        let named = KeyPlace.ofCoordinator.named(key)
        // At a socket in the file system only this user can dial.
        guard named != KeyPlace.anybody, key != nil || endpoint.hasPrefix("tcp://") else {
            return nil
        }
        if named == KeyPlace.standardInput {
            return try Door(JobKey.readingStandardInput().coordinator)
        }
        return try Door(coordinatorKey(key))
    }
}

/// The coordinator's key that a command manages.
struct ManagedKeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "File of the coordinator's key. (default: $TERN_COORDINATOR_KEY or "
                + "~/.config/tern/coordinator.key)", valueName: "file"))
    var key: String?

    /// The option for another command line, behind a space; empty where it was not given.
    var text: String { keyText(key) }

    /// The file.
    func path() throws -> String {
        try KeyPlace.ofCoordinator.named(key) ?? KeyPlace.ofCoordinator.inSettings()
    }
}

/// A coordinator's key: one that is named must be there, the user's own is made at the first need.
func coordinatorKey(_ option: String?) throws -> CoordinatorKey {
    if let named = KeyPlace.ofCoordinator.named(option) { return try CoordinatorKey(path: named) }
    let path = try KeyPlace.ofCoordinator.inSettings()
    do {
        return try CoordinatorKey(path: path)
    } catch KeyError.noKey {
        do {
            return try CoordinatorKey.make(at: path)
        } catch KeyError.exists {
            // Another process has just made it.
            return try CoordinatorKey(path: path)
        }
    }
}
