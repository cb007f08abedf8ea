import Keys

/// A coordinator's key, and a credential that all workers of a test share.
struct BenchKeys {
    let coordinator: String
    let worker: String

    /// Makes both in a folder.
    init(in folder: String) throws {
        coordinator = "\(folder)/keys/coordinator.key"
        worker = "\(folder)/keys/worker.key"
        let key = try CoordinatorKey.make(at: coordinator)
        guard let name = KeyName("pool") else { throw TestFailure(description: "no name") }
        let credential = try WorkerCredential(name, for: key)
        try AllowList.add(
            AllowedWorker(name: name, publicKey: credential.publicKey, isShared: true), for: key)
        try credential.save(to: worker)
    }

    /// The variables by which Tern finds them.
    var variables: [String: String] { ["TERN_COORDINATOR_KEY": coordinator, "TERN_KEY": worker] }
}
