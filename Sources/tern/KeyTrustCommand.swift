import ArgumentParser
import Keys
import Monitoring

/// Adds the coordinator's next key to a worker's credential.
struct KeyTrustCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust",
        abstract: "Add the coordinator's next public key to a worker's credential.")

    @Argument(help: "The public key that tern key rotate has printed.")
    var publicKey: String

    @Option(
        help: ArgumentHelp(
            "File of the worker's credential. (default: $TERN_KEY or ~/.config/tern/worker.key)",
            valueName: "file"))
    var key: String?

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            guard let publicKey = PublicKey(command.publicKey) else {
                throw KeyError.notPublic(command.publicKey)
            }
            let path = try KeyPlace.ofWorker.named(command.key) ?? KeyPlace.ofWorker.inSettings()
            try WorkerCredential.trust(publicKey, inFile: path)
            try Output.line("\(path) trusts both public keys")
        }
    }
}
