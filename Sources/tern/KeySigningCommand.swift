import ArgumentParser
import Keys
import Monitoring

/// Makes a key pair to sign runs with.
struct KeySigningCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signing",
        abstract: "Make a key to sign runs with, and its public half.",
        discussion: """
            Writes a new private Ed25519 key to the file, which only you can read, and its public half to \
            the same name with .pub. Sign with tern train --sign FILE; give FILE.pub to those who are to \
            check it with tern verify --signed-by FILE.pub.
            """)

    @Argument(help: "The file for the private key, which must not exist.")
    var file: String

    mutating func run() async throws {
        let file = file
        try await exitCleanly {
            let publicFile = try SigningKeyFile.make(file)
            try Output.line("private key \(file)\npublic key  \(publicFile)")
        }
    }
}
