import Datasets
import FileFormats
import Files
import Images
import ModelFiles

/// A named example in the model's shape, with its picture.
struct NamedExample {
    let name: String
    let values: [UInt8]
    let picture: Picture
}

/// The images to predict: PNG files, or IDX files and indices.
struct PredictionInput {
    private let modelPath: String
    private let shape: ExampleShape
    private let indices: [IndexRange]

    /// - Throws: ``Failure`` if the model does not take PNG files, and there are no indices.
    init(_ model: ModelFile, _ modelPath: String, _ indices: [IndexRange]) throws {
        self.modelPath = modelPath
        self.indices = indices
        shape = model.architecture.exampleShape
        guard !indices.isEmpty || shape.element == .uint8 else {
            throw Failure(
                status: ExitStatus.badData,
                message: "\(modelPath) takes \(shape) \(shape.noun), which a PNG file cannot hold: "
                    + "give an IDX file and --index")
        }
    }

    /// The examples of a file, or why it has none for the model.
    func examples(of path: String) -> Result<[NamedExample], any Error> {
        Result { indices.isEmpty ? [try example(ofPNG: path)] : try examples(ofIDX: path) }
    }

    private func example(ofPNG path: String) throws -> NamedExample {
        var picture = try readPicture(path)
        picture.brightenInk()
        picture.fit(rows: shape.rows, columns: shape.columns)
        return NamedExample(name: path, values: picture.pixels, picture: picture)
    }

    private func examples(ofIDX path: String) throws -> [NamedExample] {
        let file = try readExamples(path)
        guard file.shape == shape else {
            throw Failure(
                status: ExitStatus.badData,
                message: "\(modelPath) is of \(shape) \(shape.noun), but \(path) holds "
                    + "\(file.shape) \(file.shape.noun): give ones like those the model learned from"
            )
        }
        for range in indices.map(\.range) where range.upperBound >= file.count {
            throw Failure(
                status: ExitStatus.usage,
                message: "\(path) has no image \(range.upperBound): choose --index from 0 to "
                    + "\(file.count - 1)")
        }
        return indices.flatMap(\.range).map { index in
            NamedExample(
                name: "\(path)[\(index)]", values: Array(file[index]),
                picture: picture(of: file[index], shape))
        }
    }
}

/// Reads a PNG file; an IDX file needs indices.
private func readPicture(_ path: String) throws -> Picture {
    do {
        return try Picture(png: Files.read(path), path: path)
    } catch ImageError.notPNG(path, .idx) {
        throw Failure(
            status: ExitStatus.badData,
            message: "\(path) is an IDX file, not a PNG file: say which of its images are meant "
                + "with --index")
    }
}

/// Reads an IDX file; replaces the general advice for unreadable files, whose option does not exist
/// here.
private func readExamples(_ path: String) throws -> ExampleFile {
    do {
        let file = try ExampleFile(path: path)
        if let warning = file.warning { printWarning(warning) }
        return file
    } catch .unreadable(let path, let reason) {
        throw Failure(
            status: ExitStatus.noInput,
            message: "cannot read '\(path)': \(reason); check its name and permissions")
    }
}
