import ArgumentParser
import Keys
import Monitoring

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
