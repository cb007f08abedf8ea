import ArgumentParser
import FoundationEssentials
import Keys
import Monitoring
import Training

/// The coordinator's key, and the credentials of its workers.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make, list and remove the credentials of workers.",
        discussion: """
            Over tcp a worker needs a credential of its own. Make it on the coordinator's machine, with tern \
            key worker, and bring the file to the worker's machine. A running coordinator lets the worker in \
            at once; after tern key remove it ends the worker's connections at once.
            """,
        subcommands: [
            KeyWorkerCommand.self, KeyListCommand.self, KeyRemoveCommand.self,
            KeyRotateCommand.self, KeyTrustCommand.self, KeyCoordinatorCommand.self,
        ])
}

/// Makes a worker's credential.
struct KeyWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Make a worker's credential, and allow it to join.")

    @Argument(help: "The worker's name: letters, digits, '.', '_' and '-', at most 64.")
    var name: String

    @Flag(help: "Many workers may use it at once, such as a pool of alike machines.")
    var shared = false

    @Option(
        help: ArgumentHelp(
            "File of the credential, which only this user can read; '-' prints it. (default: NAME.key)",
            valueName: "file"))
    var output: String?

    @OptionGroup
    var keyOptions: ManagedKeyOptions

    mutating func run() async throws {
        let command = self
        try await exitCleanly { try command.make() }
    }

    private func make() throws {
        let name = try keyName(name)
        let key = try coordinatorKey(keyOptions.key)
        let credential = try WorkerCredential(name, for: key)
        let path = output ?? "\(name).key"
        let worker = AllowedWorker(
            name: name, publicKey: credential.publicKey, isShared: shared)
        guard path != KeyPlace.standardInput else {
            try AllowList.add(worker, for: key)
            return try Output.line(credential.line)
        }
        try credential.save(to: path)
        do throws(KeyError) {
            try AllowList.add(worker, for: key)
        } catch {
            // Nobody would let it in.
            Files.remove(path)
            throw error
        }
        try Output.line(
            """
            \(path) is the \(credential)
            Bring it to the worker's machine, then: tern worker --connect tcp://HOST:PORT --key \
            \(shellWord(path))
            """)
    }
}

/// Shows who may join.
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
            let workers = try AllowList(path: key.listPath).workers.sorted { $0.name < $1.name }
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

/// Takes a worker's right to join away.
struct KeyRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a worker: a running coordinator ends its connections at once.")

    @Argument(help: "The worker's name.")
    var name: String

    @OptionGroup
    var keyOptions: ManagedKeyOptions

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            let name = try keyName(command.name)
            let key = try CoordinatorKey(path: command.keyOptions.path())
            try AllowList.remove(name, for: key)
            try Output.line("\(name) may not join any more")
        }
    }
}

/// Makes a coordinator's key.
struct KeyCoordinatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator", abstract: "Make a coordinator's key in a file.")

    @OptionGroup
    var keyOptions: ManagedKeyOptions

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            let key = try CoordinatorKey.make(at: command.keyOptions.path())
            try Output.line(
                "\(key.path) is a coordinator's key; its public key is \(key.publicKeys[0])")
        }
    }
}

/// The name that an argument is.
private func keyName(_ text: String) throws -> KeyName {
    guard let name = KeyName(text) else {
        throw ValidationError(
            "a worker's name has 1 to \(KeyName.mostCharacters) letters, digits, '.', '_' or '-', and begins "
                + "with a letter or a digit")
    }
    return name
}
