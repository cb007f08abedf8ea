import Hashing

/// Checked examples and labels to train on and to test with.
public struct Dataset: Sendable {
    /// One file of the data set, and whether its content is the expected one.
    public struct Checksum: Sendable, Equatable {
        /// The file's path.
        public let file: String
        /// SHA-256 of the file's unpacked content, in hexadecimal.
        public let actual: String
        /// The same for the recognised data set's file, or else for the requested one's.
        public let expected: String
        /// Whether the content is the expected one.
        public var matches: Bool { actual == expected }
    }

    /// What the content was recognised as: `mnist`, `fashion-mnist`, or else `custom`.
    public let name: String
    /// The folder of the files; empty for a data set from memory.
    public let directory: String
    /// The examples to train on.
    public let train: ExampleSet
    /// The examples to test with, of the same shape.
    public let test: ExampleSet
    /// How often each label occurs.
    public let labelCounts: LabelCounts
    /// The number of classes: labels run from 0 to one less.
    public var classes: Int { labelCounts.classes }
    /// One entry per file, if there are any: training images and labels, test images and labels.
    public let checksums: [Checksum]
    /// Identifies this data set: a SHA-256 over its content, in hexadecimal.
    public let digest: String
    /// What is odd about the data, although they can be used, one line each.
    public let warnings: [String]

    /// Finds a data set, reads its four files in parallel and checks them.
    ///
    /// If `directory` is given, only that is searched, and it may hold any data set, known or not.
    /// Otherwise the folders of `NamedDataset.searchPath` are searched. Of several faults, the one in
    /// the first file in the order of `checksums` is thrown, whichever was found first.
    public static func load(
        _ named: NamedDataset, directory: String?, environment: [String: String]
    ) async throws(DatasetError) -> Dataset {
        if let directory { try requireDirectory(directory) }
        return try await load(
            named, in: directory.map { [$0] } ?? named.searchPath(environment: environment))
    }

    /// Reads a data set from the first of several folders that holds any of its files.
    public static func load(
        _ named: NamedDataset, in folders: [String]
    ) async throws(DatasetError) -> Dataset {
        let directory = try find(named, in: folders)
        async let trainImages = read(.trainImages, in: directory)
        async let trainLabels = read(.trainLabels, in: directory)
        async let testImages = read(.testImages, in: directory)
        async let testLabels = read(.testLabels, in: directory)
        return try await Dataset(
            named, directory: directory,
            trainImages: trainImages.get(), trainLabels: trainLabels.get(),
            testImages: testImages.get(), testLabels: testLabels.get())
    }

    private init(
        _ named: NamedDataset, directory: String,
        trainImages: IDXFile, trainLabels: IDXFile, testImages: IDXFile, testLabels: IDXFile
    ) throws(DatasetError) {
        train = try ExampleSet(images: trainImages, labels: trainLabels)
        test = try ExampleSet(images: testImages, labels: testLabels)
        try requireSameShape(train, trainImages.path, test, testImages.path)
        labelCounts = try LabelCounts(
            train: LabelList(name: trainLabels.path, labels: trainLabels.elements),
            test: LabelList(name: testLabels.path, labels: testLabels.elements))

        let files = zip(DatasetFile.allCases, [trainImages, trainLabels, testImages, testLabels])
        let recognised = NamedDataset.allCases.first { known in
            files.allSatisfy { role, file in file.checksum == known.checksum(of: role) }
        }
        name = recognised?.rawValue ?? "custom"
        checksums = files.map { role, file in
            Checksum(
                file: file.path, actual: file.checksum,
                expected: (recognised ?? named).checksum(of: role))
        }
        digest = Self.digest(of: checksums.map(\.actual))
        self.directory = directory
        warnings = files.compactMap(\.1.warning)
    }

    /// The digest of the data set whose files have these checksums.
    static func digest(of checksums: [String]) -> String {
        SHA256.hex(of: Array(checksums.joined().utf8))
    }
}

extension Dataset {
    /// A data set of examples in memory.
    ///
    /// - Throws: ``DatasetError`` if the sets have different shapes, values that are not finite, or
    ///   labels of a single class.
    public init(train: ExampleSet, test: ExampleSet) throws(DatasetError) {
        try requireSameShape(train, "the training set", test, "the test set")
        for (name, set) in [("the training set", train), ("the test set", test)] {
            try requireFinite(set.values, shape: set.shape, file: name)
        }
        labelCounts = try LabelCounts(
            train: LabelList(name: "the training set", labels: train.labels),
            test: LabelList(name: "the test set", labels: test.labels))
        var sum = SHA256()
        for part in [train.values, train.labels, test.values, test.labels] {
            part.withUnsafeBytes { sum.update($0) }
        }
        (name, directory, checksums, digest) = ("custom", "", [], sum.finalizeHex())
        (self.train, self.test) = (train, test)
        warnings = []
    }
}

private func requireSameShape(
    _ train: ExampleSet, _ trainName: String, _ test: ExampleSet, _ testName: String
) throws(DatasetError) {
    guard train.shape == test.shape else {
        throw .shapeMismatch(
            train: trainName, trainShape: train.shape, test: testName, testShape: test.shape)
    }
}

extension ExampleSet {
    fileprivate init(images: IDXFile, labels: IDXFile) throws(DatasetError) {
        guard images.dimensions[0] == labels.dimensions[0] else {
            throw .countMismatch(
                images: images.path, imageCount: images.dimensions[0],
                labels: labels.path, labelCount: labels.dimensions[0])
        }
        self.init(images.exampleShape, values: images.elements, labels: labels.elements)
    }
}

/// The first folder that holds any file of a data set.
private func find(
    _ named: NamedDataset, in folders: [String]
) throws(DatasetError) -> String {
    let found = folders.first { folder in
        DatasetFile.allCases.contains { $0.path(in: folder) != nil }
    }
    guard let found else { throw .notFound(named, searched: folders) }
    return found
}

private func read(_ file: DatasetFile, in directory: String) -> Result<IDXFile, DatasetError> {
    guard let path = file.path(in: directory) else {
        return .failure(.missingFile(name: file.rawValue, directory: directory))
    }
    return Result { () throws(DatasetError) in try IDXFile(path: path, content: file.content) }
}
