import ArgumentParser
import Keys
import Monitoring

/// Lists the workers that may join.
struct KeyListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the workers that may join.")

    @OptionGroup
    var keyOptions: ManagedKeyOptions

    @OptionGroup
    var outputOptions: OutputOptions

    /// The list as JSON.
    private struct Listing: Encodable {
        struct Worker: Encodable {
            let name: String
            let publicKey: String
            let isShared: Bool
        }
        let coordinator: [String]
        let workers: [Worker]
    }

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            let key = try CoordinatorKey(path: command.keyOptions.path())
            let workers = try AllowList(of: key).workers.sorted { $0.name < $1.name }
            let listing = Listing(
                coordinator: key.publicKeys.map(\.description),
                workers: workers.map {
                    .init(
                        name: "\($0.name)", publicKey: "\($0.publicKey)", isShared: $0.isShared)
                })
            try command.outputOptions.show(listing) { Self.text(key, workers) }
        }
    }

    private static func text(_ key: CoordinatorKey, _ workers: [AllowedWorker]) -> String {
        var lines = ["coordinator's \(key)"]
        if key.publicKeys.count > 1 {
            lines.append("next public key: \(key.publicKeys[1])")
        }
        guard !workers.isEmpty else { return (lines + ["no workers"]).joined(separator: "\n") }
        var table = TextTable("worker", "key", "use")
        for worker in workers {
            table.add(
                "\(worker.name)", worker.publicKey.fingerprint,
                worker.isShared ? "shared" : "one worker")
        }
        return (lines + [table.text]).joined(separator: "\n")
    }
}
