import ArgumentParser
import Files
import Glibc
import KernelInterface
import ModelFiles
import Monitoring
import NeuralNetwork

/// The options for a trained model.
struct ModelOptions: ParsableArguments {
    @Argument(
        help: "A model, a checkpoint, the folder of a run, or a state_dict saved by PyTorch.")
    var model: String

    @OptionGroup(title: "What a state_dict saved by PyTorch does not contain")
    var stateDictOptions: StateDictOptions

    /// The model and its file's path.
    func read() throws -> (path: String, model: ModelFile) {
        let path = try RunDirectory.weights(at: model)
        return (path, try stateDictOptions.read(path))
    }

    /// The folder of the model's run; nil if it is not in one.
    var run: String? {
        let folder = Files.isFolder(model) ? model : Files.folder(of: model)
        // Other programs also keep a config.json beside their models.
        return [folder, "\(folder)/.."].first { run in
            Files.exists(RunDirectory.configuration(in: run))
                && Files.exists(RunDirectory.log(in: run))
        }
    }
}

/// The settings that a `state_dict` does not contain.
struct StateDictOptions: ParsableArguments {
    @Option(help: "Pixel rows of an image. (default: from the tensors, or else 28)")
    var rows: Int?

    @Option(help: "Pixel columns of an image. (default: from the tensors, or else 28)")
    var columns: Int?

    @Option(help: "Type of an example's values: uint8 is scaled to 0...1. (default: uint8)")
    var element: ElementType?

    @Option(
        help: """
            How to read an image: one row, column or pixel per time step; permuted: pixels in \
            Tern's fixed random order. (default: rows)
            """)
    var sequence: SequenceOrder?

    @Option(help: "Nonlinearity of the rnn cell. (default: tanh)")
    var nonlinearity: Nonlinearity?

    @Option(
        help: """
            Outputs that classes are computed from: the last time step's, or their mean. \
            (default: last)
            """)
    var readout: Readout?

    /// Reads a model file.
    ///
    /// - Throws: ``Failure`` if an option is given for a file that has its settings.
    func read(_ path: String) throws -> ModelFile {
        var settings = StateDictSettings()
        settings.imageRows = rows
        settings.imageColumns = columns
        settings.element = element
        settings.sequence = sequence
        settings.nonlinearity = nonlinearity
        settings.readout = readout
        let model = try ModelFile(parsing: Files.read(path), path: path, settings: settings)
        guard model.isInferred || settings == StateDictSettings() else {
            throw Failure(
                status: ExitStatus.usage,
                message: "\(path) tells itself what network it is of: leave out --rows, --columns, "
                    + "--element, --sequence, --nonlinearity and --readout")
        }
        if let note = model.note(path) {
            try? Files.writeAll(Array("\(note)\n".utf8), to: STDERR_FILENO, path: "standard error")
        }
        return model
    }
}

extension ModelFile {
    /// A note about prefixes removed from the tensors' names, if any.
    func note(_ path: String) -> String? {
        let parts = wrappers.joined(separator: " and ")
        return parts.isEmpty ? nil : "\(path): took \(parts) off the names of the tensors"
    }
}

extension ElementType: ExpressibleByArgument {}
