import ArgumentParser
import DataParallel
import Keys

/// The option for the coordinator's key.
struct CoordinatorKeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "File of the coordinator's key; the list of those who may join is beside it, in FILE.workers: "
                + "see tern key. Or the key of a job; '-' reads it from standard input. 'none': anyone may join, and nothing is encrypted. (default: "
                + "the key in $TERN_JOB_KEY, or the file $TERN_COORDINATOR_KEY or ~/.config/tern/coordinator.key over tcp; none over ipc)",
            valueName: "file"))
    var key: String?

    /// The option with a leading space for another command line; empty if not given.
    var text: String { keyText(key) }

    /// The access control of an endpoint; nil if anyone may join.
    func door(for endpoint: String) throws -> Door? {
        if key == nil, endpoint.hasPrefix("tcp://"), let job = try JobKey.ofEnvironment {
            return try Door(job.coordinator)
        }
        let named = KeyPlace.ofCoordinator.named(key)
        // Only this user can connect to a socket in the file system.
        guard named != KeyPlace.anybody, key != nil || endpoint.hasPrefix("tcp://") else {
            return nil
        }
        if named == KeyPlace.standardInput {
            return try Door(JobKey.readingStandardInput().coordinator)
        }
        return try Door(coordinatorKey(key))
    }
}

/// The coordinator's key to manage.
struct ManagedKeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "File of the coordinator's key. (default: $TERN_COORDINATOR_KEY or "
                + "~/.config/tern/coordinator.key)", valueName: "file"))
    var key: String?

    /// The option with a leading space for another command line; empty if not given.
    var text: String { keyText(key) }

    /// The path of the key file.
    func path() throws -> String {
        try KeyPlace.ofCoordinator.named(key) ?? KeyPlace.ofCoordinator.inSettings()
    }
}

/// A coordinator's key: a named one must exist, and the user's own is made on first use.
func coordinatorKey(_ option: String?) throws -> CoordinatorKey {
    if let named = KeyPlace.ofCoordinator.named(option) { return try CoordinatorKey(path: named) }
    let path = try KeyPlace.ofCoordinator.inSettings()
    do {
        return try CoordinatorKey(path: path)
    } catch KeyError.noKey {
        do {
            return try CoordinatorKey.make(at: path)
        } catch KeyError.exists {
            // Another process has just made the key.
            return try CoordinatorKey(path: path)
        }
    }
}
