import ArgumentParser
import Monitoring
import Training

/// Predicts the classes of images with a trained model.
struct PredictCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Predict the classes of images.",
        discussion: """
            A PNG file may have any size and colours, and ink darker or brighter than the ground. \
            Tern makes it bright ink on black in the model's size, and prints each step. In an IDX \
            file, gzipped or not, --index chooses images; they are used as they are.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @OptionGroup
    var options: ModelOptions

    @Argument(help: ArgumentHelp("PNG files; with --index, IDX files.", valueName: "image"))
    var images: [String]

    @Option(
        name: .customLong("index"),
        help: ArgumentHelp(
            "Image of the IDX files, counted from 0, or a range such as 0-9. (repeatable)",
            valueName: "n"))
    var indices: [IndexRange] = []

    @Option(
        help: "text draws on a terminal and is tab-separated in a pipe; json is one array.")
    var format = Format.text

    mutating func run() async throws {
        let (options, images, indices, format) = (options, images, indices, format)
        try await exitCleanly {
            let kernels = try kernelsInUse()
            let (path, file) = try options.read()
            let input = try PredictionInput(file, path, indices)
            let predictor = Predictor(file, kernels: kernels)
            var output = PredictionOutput(format)
            var failure: ExitCode?
            for image in images {
                switch input.examples(of: image) {
                case .success(let examples):
                    for example in examples {
                        let prediction = predictor.predict(example.values)
                        try Self.check(prediction, path)
                        try output.add(example.name, example.picture, prediction)
                    }
                case .failure(let error):
                    // Continues with the other images.
                    printError(errorMessage(of: error))
                    output.add(image, error: errorMessage(of: error))
                    failure = failure ?? ExitCode(ExitStatus.of(error))
                }
            }
            try output.finish()
            if let failure { throw failure }
        }
    }

    private static func check(_ prediction: Prediction, _ path: String) throws {
        guard prediction.probabilities.allSatisfy(\.isFinite) else {
            throw Failure(
                status: ExitStatus.badData,
                message: "the probabilities that \(path) gives are not finite: its weights are too "
                    + "large. Train again, with a lower learning rate")
        }
    }
}

/// One index or a range of indices.
struct IndexRange: ExpressibleByArgument {
    let range: ClosedRange<Int>

    init?(argument: String) {
        let parts = argument.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(parts.count), let first = parts[0], let last = parts.last ?? nil,
            first <= last
        else { return nil }
        range = first...last
    }
}
