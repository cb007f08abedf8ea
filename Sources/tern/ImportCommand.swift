import ArgumentParser
import Files
import Monitoring

/// Makes a Tern model from PyTorch's weights.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a model from a state_dict that PyTorch saved.",
        discussion: """
            The file comes from safetensors.torch.save_file, with the state_dict of a module that has \
            an nn.RNN, nn.LSTM or nn.GRU named rnn and an nn.Linear named fc. Names and shapes give \
            the cell, the layers, the directions, and all sizes but those below.
            """)

    @Argument(help: "The safetensors file that PyTorch saved.")
    var file: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The model to write. (default: model.safetensors, if it does not exist)",
            valueName: "file"))
    var output: String?

    @OptionGroup(title: "What the file does not contain")
    var stateDictOptions: StateDictOptions

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            let model = try command.stateDictOptions.read(command.file)
            guard model.isInferred else {
                throw Failure(
                    status: ExitStatus.usage,
                    message: "\(command.file) is already a Tern model: use it as it is")
            }
            let output = command.output ?? "model.safetensors"
            guard command.output != nil || !Files.exists(output) else {
                throw Failure(
                    status: ExitStatus.cannotCreate,
                    message: "\(output) already exists: name another file with --output")
            }
            do throws(FileError) {
                try model.write(to: output)
            } catch {
                throw error.naming("--output")
            }
            try Output.line(describe(model, path: output))
        }
    }
}
