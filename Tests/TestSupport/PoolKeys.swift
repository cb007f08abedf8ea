import Keys

/// A coordinator's key, and a credential that all workers of a test share.
public struct PoolKeys: Sendable {
    /// The file of the coordinator's key.
    public let coordinator: String
    /// The file of the workers' credential.
    public let worker: String

    /// Creates both in a folder, and the folder if it does not exist.
    public init(in folder: String) throws {
        coordinator = "\(folder)/coordinator.key"
        worker = "\(folder)/worker.key"
        let key = try CoordinatorKey.make(at: coordinator)
        guard let name = KeyName("pool") else { preconditionFailure("a plain name is one") }
        let credential = try WorkerCredential(name, for: key)
        try AllowList.add(
            AllowedWorker(name: name, publicKey: credential.publicKey, isShared: true), for: key)
        try credential.save(to: worker)
    }

    /// The environment variables that give Tern their paths.
    public var variables: [String: String] {
        ["TERN_COORDINATOR_KEY": coordinator, "TERN_KEY": worker]
    }
}
