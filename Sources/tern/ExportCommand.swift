import ArgumentParser
import Files
import ModelFiles
import Monitoring

/// Exports a model as a PyTorch program.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a Python program that builds and loads a model in PyTorch.",
        discussion: """
            The program's `model` is the same network; it loads its weights from the model's file. \
            Run by itself, the program prints the module. It needs the Python packages torch and \
            safetensors.
            """)

    @OptionGroup
    var options: ModelOptions

    @Option(
        help: ArgumentHelp("The Python program to write, named *.py.", valueName: "file"))
    var pytorch: String

    func validate() throws {
        if !pytorch.hasSuffix(".py") {
            throw ValidationError("--pytorch must name a Python file, such as model.py")
        }
    }

    mutating func run() async throws {
        let (options, program) = (options, pytorch)
        try await exitCleanly {
            let (path, model) = try options.read()
            let module = try PyTorchModule(
                model.architecture, weights: Files.absolutePath(path),
                program: Files.absolutePath(program), namesInFile: model.namesInFile)
            do throws(FileError) {
                try Files.writeAtomically(Array(module.source.utf8), to: program)
            } catch {
                throw error.naming("--pytorch")
            }
            try Output.line("wrote \(program); to print the module: python3 \(program)")
        }
    }
}
