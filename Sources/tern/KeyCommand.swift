import ArgumentParser
import Keys

/// Commands about the coordinator's key and the workers' credentials.
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
            KeyJobCommand.self, KeySigningCommand.self,
        ])
}

/// Parses an argument as a name.
func keyName(_ text: String) throws(KeyError) -> KeyName {
    guard let name = KeyName(text) else { throw .badName(text) }
    return name
}
