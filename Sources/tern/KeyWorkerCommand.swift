import ArgumentParser
import Glibc
import Keys
import Monitoring

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
            // A credential that is not on the list is useless.
            unlink(path)
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
