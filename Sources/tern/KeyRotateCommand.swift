import ArgumentParser
import Keys
import Monitoring

/// Replaces the coordinator's key; its workers' credentials stay valid.
struct KeyRotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Replace the coordinator's key in two steps.",
        discussion: """
            First: tern key rotate. It makes the next key and prints its public key. New credentials hold both \
            public keys; let the others have the next one, too, with tern key trust on the workers' machines. \
            Then: tern key rotate --finish, and start the coordinator again.
            """)

    @Flag(help: "Put the next key in the place of the present one.")
    var finish = false

    @OptionGroup
    var keyOptions: ManagedKeyOptions

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            let key = try CoordinatorKey(path: command.keyOptions.path())
            try Output.line(command.finish ? Self.finish(key) : Self.prepare(key))
        }
    }

    private static func prepare(_ key: CoordinatorKey) throws -> String {
        let prepared = try key.preparingRotation()
        return """
            the next public key of the coordinator is \(prepared.publicKeys[1])
            On each worker's machine: tern key trust \(prepared.publicKeys[1])
            Then, here: tern key rotate --finish
            """
    }

    private static func finish(_ key: CoordinatorKey) throws -> String {
        guard let rotated = try key.rotated() else { throw KeyError.notPrepared(path: key.path) }
        return "the coordinator's \(rotated) is in use from the coordinator's next start on"
    }
}
