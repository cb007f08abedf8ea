import ArgumentParser
import DataParallel
import Datasets
import Kernels
import Monitoring
import NeuralNetwork
import ZeroMQ

/// Tests a trained model.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Print a model's loss and accuracy on the test set.")

    @OptionGroup
    var options: ModelOptions

    @Option(
        help: ArgumentHelp(
            "The folder with the data set's four IDX files. (default: the data that the model was "
                + "trained on)", valueName: "dir"))
    var data: String?

    mutating func run() async throws {
        let (options, data) = (options, data)
        try await exitCleanly {
            try ResourceNeed.ofEvaluation.secure()
            let kernels = try kernelsInUse()
            let (path, file) = try options.read()
            let data = try await TestData(data, for: file, path, run: options.run)
            let dataset = data.dataset
            dataset.warnings.forEach(printWarning)
            try Self.check(file.architecture, fits: dataset, path)
            let pool = EvaluationPool(
                file.architecture, examples: dataset.test,
                threads: Processors.allowed.count, kernels: kernels)
            let tally = await pool.evaluate(file.parameters)
            await pool.stop()
            guard tally.meanLoss.isFinite else {
                throw Failure(
                    status: ExitStatus.badData,
                    message: "the test loss of \(path) is not finite: its weights are too large. "
                        + "Train again, with a lower learning rate")
            }
            let note = data.note.map { "; \($0)" } ?? ""
            try Output.line(
                """
                  model          \(path)
                  data set       \(dataset.name), \(tally.examples) test \(dataset.test.shape.noun)\(note)
                  test loss      \(fixed(tally.meanLoss, 9))
                  test accuracy  \(fixed(tally.accuracy * 100, 2))%
                """)
        }
    }

    private static func check(
        _ architecture: Architecture, fits dataset: Dataset, _ path: String
    ) throws {
        let shape = dataset.test.shape
        guard shape == architecture.exampleShape, dataset.classes <= architecture.classes
        else {
            throw Failure(
                status: ExitStatus.badData,
                message:
                    "\(path) is for \(architecture.exampleShape.noun) of \(architecture.exampleShape) in "
                    + "\(architecture.classes) classes, but \(dataset.directory) holds \(shape) in "
                    + "\(dataset.classes): give the model's data with --data")
        }
    }
}
