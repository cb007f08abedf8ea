import ArgumentParser
import Datasets
import Glibc
import Images
import Monitoring
import Training

/// Tells what a trained model sees in images.
struct PredictCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Tell the classes of images.",
        discussion: """
            A PNG file may have any size and colours, and ink darker or brighter than the ground: \
            it is made like an image of MNIST, and each step of that is told. Of an IDX file, \
            gzipped or not, --index says which images are meant; they are taken as they are.
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
            "An image of the IDX files, counted from 0, or a range such as 0-9. (repeatable)",
            valueName: "n"))
    var indices: [IndexRange] = []

    @Option(
        help: "Text draws on a terminal and is tab-separated in a pipe; json is one array.")
    var format = Format.text

    mutating func run() async throws {
        let (options, images, indices, format) = (options, images, indices, format)
        try await exitCleanly {
            let kernels = try kernelsInUse()
            let (path, file) = try options.read()
            let predictor = Predictor(file, kernels: kernels)
            var output = PredictionOutput(format)
            for image in images {
                try forEachExample(in: image, indices, for: file, path) { name, example, picture in
                    let prediction = predictor.predict(example)
                    guard prediction.probabilities.allSatisfy(\.isFinite) else {
                        throw Failure(
                            status: ExitStatus.badData,
                            message: "\(path) gives probabilities that are no numbers: train it "
                                + "again, with a lower learning rate")
                    }
                    try output.add(name, picture, prediction)
                }
            }
            try output.finish()
        }
    }
}

/// One index, or all from one to another.
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

/// Calls `body` with the examples of a file, of the shape that the model takes, and their pictures.
private func forEachExample(
    in path: String, _ indices: [IndexRange], for model: ModelFile, _ modelPath: String,
    _ body: (_ name: String, _ example: [UInt8], Picture) throws -> Void
) throws {
    let shape = model.architecture.exampleShape
    guard !indices.isEmpty else {
        guard shape.element == .uint8 else {
            throw Failure(
                status: ExitStatus.badData,
                message: "\(modelPath) is of \(shape) \(shape.noun), which no PNG file holds: give "
                    + "an IDX file of them, and --index")
        }
        var picture = try Picture(png: Files.read(path), path: path)
        picture.brightenInk()
        picture.fit(rows: shape.rows, columns: shape.columns)
        return try body(path, picture.pixels, picture)
    }
    let file = try readExamples(path)
    guard file.shape == shape else {
        throw Failure(
            status: ExitStatus.badData,
            message: "\(modelPath) is of \(shape) \(shape.noun), but \(path) holds \(file.shape) "
                + "\(file.shape.noun): give ones like those the model learned from")
    }
    for range in indices.map(\.range) {
        guard range.upperBound < file.count else {
            throw Failure(
                status: ExitStatus.usage,
                message: "\(path) has no image \(range.upperBound): choose --index from 0 to "
                    + "\(file.count - 1)")
        }
        for index in range {
            let example = file[index]
            try body("\(path)[\(index)]", Array(example), picture(of: example, shape))
        }
    }
}

/// Reads an IDX file; the general remedy for an unreadable one names an option not had here.
private func readExamples(_ path: String) throws -> ExampleFile {
    do {
        return try ExampleFile(path: path)
    } catch .unreadable(let path, let reason) {
        throw Failure(
            status: ExitStatus.noInput,
            message: "cannot read '\(path)': \(reason); check its name and permissions")
    }
}
