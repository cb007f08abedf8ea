import ArgumentParser
import Keys
import Monitoring

/// Revokes a worker's credential.
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
