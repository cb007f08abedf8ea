import ArgumentParser
import Keys
import Monitoring

/// Makes a job's key.
struct KeyJobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job",
        abstract: "Make one key for the coordinator and all workers of a job.",
        discussion: """
            Bring the file to all processes of one job, such as those that a batch system or Kubernetes starts, \
            and name it with --key. Whoever has it can join the job and can stand for its coordinator: make a \
            new one for each job.
            """)

    @Option(
        help: ArgumentHelp(
            "File of the key, which only this user can read; '-' prints it.", valueName: "file"))
    var output: String

    mutating func run() async throws {
        let output = output
        try await exitCleanly {
            let key = try JobKey()
            guard output != KeyPlace.standardInput else { return try Output.line(key.line) }
            try key.save(to: output)
            try Output.line("\(output) is the key of a job")
        }
    }
}
