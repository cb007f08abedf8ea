import FileFormats

/// Why a data set cannot be used; every description is one line with the remedy.
public enum DatasetError: Error, Equatable {
    /// None of the searched folders holds any file of the data set.
    case notFound(NamedDataset, searched: [String])
    /// A folder holds some of the four files, but not this one.
    case missingFile(name: String, directory: String)
    /// The path is a file, not the folder with the data set's files.
    case notAFolder(path: String)
    /// A set has no examples.
    case noExamples(name: String)
    /// A file or folder cannot be read, for the operating system's reason.
    case unreadable(path: String, reason: String)
    /// The gzip data are cut short or damaged after this many unpacked bytes.
    case damagedGzip(file: String, unpacked: Int, reason: String)
    /// The file has a known format other than IDX.
    case otherFormat(file: String, FileFormat)
    /// The first four bytes are not those of an IDX file of this content.
    case wrongMagic(file: String, found: [UInt8], IDXContent)
    /// The header announces a dimension (`count`, `rows` or `columns`) of zero.
    case emptyDimension(file: String, dimension: String)
    /// The header announces more bytes than this machine could hold.
    case tooLarge(file: String, dimensions: [Int])
    /// The file ends before the header, or the elements it announces, are complete; in bytes.
    case truncated(file: String, expected: Int, actual: Int)
    /// The file continues after the bytes that its header announces.
    case trailingBytes(file: String, expected: Int)
    /// The elements have an IDX type that Tern does not read.
    case otherType(file: String, type: String, IDXContent)
    /// The file has more or fewer dimensions than its content needs.
    case otherDimensions(file: String, dimensions: Int, IDXContent)
    /// A float32 value is infinite or not a number; example, row and column count from 0.
    case notFinite(file: String, value: String, example: Int, row: Int, column: Int)
    /// The numbers of examples and labels differ.
    case countMismatch(images: String, imageCount: Int, labels: String, labelCount: Int)
    /// Test examples have another shape than training examples.
    case shapeMismatch(
        train: String, trainShape: ExampleShape, test: String, testShape: ExampleShape)
    /// All training labels are the same, so there is nothing to learn.
    case tooFewClasses(file: String, label: Int)
}

extension DatasetError: CustomStringConvertible {
    /// One line: the file, what is wrong with it and where, and the remedy.
    public var description: String {
        // A path may hold a line break, but the description must be one line.
        String(message.map { $0.isNewline ? "?" : $0 })
    }

    private var message: String {
        switch self {
        case .notFound(let dataset, let searched):
            "no \(dataset.rawValue) files in \(searched.joined(separator: ", ")); "
                + "\(dataset.remedy), or give their folder with --data DIR"
        case .missingFile(let name, let directory):
            "\(directory) lacks \(name) (.gz or unpacked); add it: Tern needs all four files"
        case .unreadable(let path, let reason):
            "cannot read '\(path)': \(reason); check its name and permissions, "
                + "or name another folder with --data DIR"
        case .damagedGzip(let file, let unpacked, let reason):
            "\(file) is damaged: its gzip data is invalid after \(unpacked) unpacked bytes "
                + "(\(reason)); \(fetchAgain)"
        case .otherFormat(let file, let format):
            "\(file) is \(format.name), not an IDX file: "
                + (format.remedy ?? "give the data set's IDX files, packed by gzip or not")
        case .notAFolder(let path):
            "\(path) is a file: give the folder that holds the data set's four IDX files"
        case .noExamples(let name): "\(name) has no examples; at least 2 are needed to train"
        case .wrongMagic(let file, let found, .labels):
            "\(file) starts with bytes \(hex(found)), expected 00 00 08 01 "
                + "(IDX, unsigned bytes, dimensions: 1); \(fetchAgain)"
        case .wrongMagic(let file, let found, .examples):
            "\(file) starts with bytes \(hex(found)), expected 00 00 08 03 "
                + "(IDX, unsigned bytes, dimensions: 3; or 0d for float32, 02 for two dimensions); "
                + fetchAgain
        case .emptyDimension(let file, let dimension):
            "\(file) has 0 \(dimension) in its header, expected at least 1; \(fetchAgain)"
        case .tooLarge(let file, let dimensions):
            "\(file) declares \(product(dimensions)) bytes in its header, "
                + "more than a quarter of this machine's memory; \(fetchAgain)"
        case .truncated(let file, let expected, let actual):
            "\(file) ends after \(actual) unpacked bytes, expected \(expected); \(fetchAgain)"
        case .trailingBytes(let file, let expected):
            "\(file) continues after the \(expected) unpacked bytes that its header declares; "
                + fetchAgain
        case .otherType(let file, let type, .labels):
            "\(file) holds \(type) values, but labels must be unsigned bytes (uint8, IDX type 08); "
                + "convert them, in NumPy with astype('uint8')"
        case .otherType(let file, let type, .examples):
            "\(file) holds \(type) values, but examples must be uint8 (IDX type 08) or float32 (0d); "
                + "convert them, in NumPy with astype('>f4')"
        case .otherDimensions(let file, let dimensions, .labels):
            "\(file) has \(dimensions) dimensions, but labels have 1: one class number for each "
                + "example; give the file of labels, or convert it"
        case .otherDimensions(let file, let dimensions, .examples):
            "\(file) has \(dimensions) dimension\(dimensions == 1 ? "" : "s"), but examples have 3 "
                + "(count, rows, columns) or 2 (count, time steps); give the file of examples, or "
                + "reshape it"
        case .notFinite(let file, let value, let example, let row, let column):
            "\(file) holds \(value) in example \(example) at row \(row), column \(column) (counted "
                + "from 0); correct the value or leave the example out"
        case .countMismatch(let images, let imageCount, let labels, let labelCount):
            "\(images) holds \(imageCount) examples but \(labels) holds \(labelCount) labels; "
                + "take both files from one data set"
        case .shapeMismatch(let train, let trainShape, let test, let testShape):
            "\(train) holds \(trainShape.noun) of \(trainShape) but \(test) of "
                + "\(testShape); take both files from one data set"
        case .tooFewClasses(let file, let label):
            "\(file) holds only the label \(label); training needs at least 2 classes"
        }
    }
}

/// The remedy for a file with damaged content.
private let fetchAgain = "get this file again"

private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
}

private func product(_ dimensions: [Int]) -> String {
    dimensions.map(String.init).joined(separator: " x ")
}
