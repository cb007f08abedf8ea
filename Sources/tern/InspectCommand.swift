import ArgumentParser
import Monitoring

/// Describes a trained model.
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Print a model's layers, tensors, parameter counts and settings.")

    @OptionGroup
    var options: ModelOptions

    mutating func run() async throws {
        let options = options
        try await exitCleanly {
            let (path, model) = try options.read()
            try Output.line(describe(model, path: path))
        }
    }
}
