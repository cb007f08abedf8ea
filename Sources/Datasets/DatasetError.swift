import FileFormats

/// Why a data set cannot be used; every description is one line that says what to do about it.
public enum DatasetError: Error, Equatable {
    /// None of the searched folders holds any file of the data set.
    case notFound(NamedDataset, searched: [String])
    /// A folder holds some of the four files, but not this one.
    case missingFile(name: String, directory: String)
    /// A file or folder cannot be read, for a reason that the operating system gives.
    case unreadable(path: String, reason: String)
    /// The gzip data are cut short or broken after so many unpacked bytes.
    case damagedGzip(file: String, unpacked: Int, reason: String)
    /// The file has a format that is known, and is not IDX.
    case otherFormat(file: String, FileFormat)
    /// The first four bytes are not those of an IDX file of this content.
    case wrongMagic(file: String, found: [UInt8], IDXContent)
    /// The header announces a dimension (`count`, `rows` or `columns`) of zero.
    case emptyDimension(file: String, dimension: String)
    /// The header announces more bytes than this machine could hold.
    case tooLarge(file: String, dimensions: [Int])
    /// The file ends before the header, or the elements it announces, are complete; in bytes.
    case truncated(file: String, expected: Int, actual: Int)
    /// The file goes on after the bytes that its header announces.
    case trailingBytes(file: String, expected: Int)
    /// A float32 value of an example, counted from 0, is infinite or no number.
    case notFinite(file: String, example: Int)
    /// There is not one label an example.
    case countMismatch(images: String, imageCount: Int, labels: String, labelCount: Int)
    /// Test examples have another shape than training examples.
    case shapeMismatch(
        train: String, trainShape: ExampleShape, test: String, testShape: ExampleShape)
    /// All training labels are the same, so there is nothing to learn.
    case tooFewClasses(file: String, label: Int)
    /// A label, at its first index, belongs to no class of this data set.
    case labelOutOfRange(file: String, index: Int, label: Int, expected: ClosedRange<Int>)
}

extension DatasetError: CustomStringConvertible {
    /// One line: the file, what is wrong with it and where, and the remedy.
    public var description: String {
        // A path may hold a line break; the promise of one line stands.
        String(message.map { $0.isNewline ? "?" : $0 })
    }

    private var message: String {
        switch self {
        case .notFound(let dataset, let searched):
            "no \(dataset.rawValue) files in \(searched.joined(separator: ", ")); "
                + "\(dataset.remedy), or name the folder that holds them with --data DIR"
        case .missingFile(let name, let directory):
            "\(directory) lacks \(name) (.gz or unpacked); add it, all four files are needed"
        case .unreadable(let path, let reason):
            "cannot read '\(path)': \(reason); check its name and permissions, "
                + "or name another folder with --data DIR"
        case .damagedGzip(let file, let unpacked, let reason):
            "\(file) is damaged: its gzip data fail after \(unpacked) unpacked bytes "
                + "(\(reason)); \(fetchAgain)"
        case .otherFormat(let file, let format):
            "\(file) is \(format.name), not an IDX file: "
                + (format.remedy ?? "give the data set's IDX files, packed by gzip or not")
        case .wrongMagic(let file, let found, .labels):
            "\(file) starts with bytes \(hex(found)), expected 00 00 08 01 "
                + "(IDX, unsigned bytes, dimensions: 1); \(fetchAgain)"
        case .wrongMagic(let file, let found, .examples):
            "\(file) starts with bytes \(hex(found)), expected 00 00 08 03 "
                + "(IDX, unsigned bytes, dimensions: 3; or 0d for float32, 02 for two dimensions); "
                + fetchAgain
        case .emptyDimension(let file, let dimension):
            "\(file) announces 0 \(dimension) in its header, expected at least 1; \(fetchAgain)"
        case .tooLarge(let file, let dimensions):
            "\(file) announces \(product(dimensions)) bytes in its header, "
                + "more than a quarter of this machine's memory; \(fetchAgain)"
        case .truncated(let file, let expected, let actual):
            "\(file) ends after \(actual) unpacked bytes, expected \(expected); \(fetchAgain)"
        case .trailingBytes(let file, let expected):
            "\(file) goes on after the \(expected) unpacked bytes that its header announces; "
                + fetchAgain
        case .notFinite(let file, let example):
            "\(file) holds a value that is no finite number in example \(example); correct it, or "
                + fetchAgain
        case .countMismatch(let images, let imageCount, let labels, let labelCount):
            "\(images) holds \(imageCount) examples but \(labels) holds \(labelCount) labels; "
                + "take both files from one data set"
        case .shapeMismatch(let train, let trainShape, let test, let testShape):
            "\(train) holds \(trainShape.noun) of \(trainShape) but \(test) of "
                + "\(testShape); take both files from one data set"
        case .tooFewClasses(let file, let label):
            "\(file) holds no label but \(label); at least 2 classes are needed to train"
        case .labelOutOfRange(let file, let index, let label, let expected):
            "\(file) holds label \(label) at index \(index), expected labels from "
                + "\(expected.lowerBound) to \(expected.upperBound); correct it, or \(fetchAgain)"
        }
    }
}

/// The remedy for a file that its own content shows to be broken.
private let fetchAgain = "get this file again"

private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
}

private func product(_ dimensions: [Int]) -> String {
    dimensions.map(String.init).joined(separator: " x ")
}
