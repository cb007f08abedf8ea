import ArgumentParser
import Keys

/// The option for a worker's credential.
struct WorkerKeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "File of this worker's credential, which tern key worker makes on the coordinator's machine, or of "
                + "the key of a job; '-' reads it from standard input. 'none': for a coordinator with --key none. (default: "
                + "the key in $TERN_JOB_KEY, or the file $TERN_KEY or ~/.config/tern/worker.key over tcp; none over ipc)",
            valueName: "file"))
    var key: String?

    /// The credential for an endpoint; nil if anyone may join.
    func credential(for endpoint: String) throws -> WorkerCredential? {
        if key == nil, endpoint.hasPrefix("tcp://"), let job = try JobKey.ofEnvironment {
            return job.credential
        }
        let place = KeyPlace.ofWorker
        let named = place.named(key)
        // Only this user can connect to a socket in the file system.
        guard named != KeyPlace.anybody, key != nil || endpoint.hasPrefix("tcp://") else {
            return nil
        }
        return named == KeyPlace.standardInput
            ? try .readingStandardInput()
            : try WorkerCredential(path: named ?? place.inSettings())
    }
}
