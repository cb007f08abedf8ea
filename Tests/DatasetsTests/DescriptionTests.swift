import Datasets
import Testing

@Suite("Error messages of data sets")
struct DescriptionTests {
    private static let descriptions: [(error: DatasetError, text: String)] = [
        (
            .notFound(.mnist, searched: ["/a", "data/mnist"]),
            "no mnist files in /a, data/mnist; download them with Scripts/fetch-mnist, "
                + "or give their folder with --data DIR"
        ),
        (
            .notFound(.fashionMNIST, searched: ["/a"]),
            "no fashion-mnist files in /a; install them with apt-get install "
                + "dataset-fashion-mnist, or give their folder with --data DIR"
        ),
        (
            .missingFile(name: "t10k-labels-idx1-ubyte", directory: "/a"),
            "/a lacks t10k-labels-idx1-ubyte (.gz or unpacked); add it: Tern needs all four files"
        ),
        (
            .unreadable(path: "/a", reason: "Permission denied"),
            "cannot read '/a': Permission denied; check its name and permissions, "
                + "or name another folder with --data DIR"
        ),
        (
            .damagedGzip(file: "f.gz", unpacked: 14, reason: "incorrect data check"),
            "f.gz is damaged: its gzip data is invalid after 14 unpacked bytes (incorrect data check); "
                + "get this file again"
        ),
        (
            .wrongMagic(file: "f", found: [0, 0, 13, 3], .labels),
            "f starts with bytes 00 00 0d 03, expected 00 00 08 01 "
                + "(IDX, unsigned bytes, dimensions: 1); get this file again"
        ),
        (
            .wrongMagic(file: "f", found: [0, 0, 11, 3], .examples),
            "f starts with bytes 00 00 0b 03, expected 00 00 08 03 (IDX, unsigned bytes, "
                + "dimensions: 3; or 0d for float32, 02 for two dimensions); get this file again"
        ),
        (
            .notFinite(file: "f", value: "-inf", example: 17, row: 2, column: 0),
            "f holds -inf in example 17 at row 2, column 0 (counted from 0); correct the value or "
                + "leave the example out"
        ),
        (
            .otherType(file: "f", type: "int32", .labels),
            "f holds int32 values, but labels must be unsigned bytes (uint8, IDX type 08); convert "
                + "them, in NumPy with astype('uint8')"
        ),
        (
            .otherType(file: "f", type: "float64", .examples),
            "f holds float64 values, but examples must be uint8 (IDX type 08) or float32 (0d); convert "
                + "them, in NumPy with astype('>f4')"
        ),
        (
            .otherDimensions(file: "f", dimensions: 4, .examples),
            "f has 4 dimensions, but examples have 3 (count, rows, columns) or 2 (count, time steps); "
                + "give the file of examples, or reshape it"
        ),
        (
            .otherDimensions(file: "f", dimensions: 2, .labels),
            "f has 2 dimensions, but labels have 1: one class number for each example; give the file "
                + "of labels, or convert it"
        ),
        (
            .notAFolder(path: "f"),
            "f is a file: give the folder that holds the data set's four IDX files"
        ),
        (
            .noExamples(name: "the training set"),
            "the training set has no examples; at least 2 are needed to train"
        ),
        (
            .emptyDimension(file: "f", dimension: "rows"),
            "f has 0 rows in its header, expected at least 1; get this file again"
        ),
        (
            .tooLarge(file: "f", dimensions: [1_000_000, 1_000_000, 28]),
            "f declares 1000000 x 1000000 x 28 bytes in its header, more than a quarter of this "
                + "machine's memory; get this file again"
        ),
        (
            .truncated(file: "f", expected: 16, actual: 7),
            "f ends after 7 unpacked bytes, expected 16; get this file again"
        ),
        (
            .trailingBytes(file: "f", expected: 14),
            "f continues after the 14 unpacked bytes that its header declares; get this file again"
        ),
        (
            .countMismatch(images: "i", imageCount: 6, labels: "l", labelCount: 5),
            "i holds 6 examples but l holds 5 labels; take both files from one data set"
        ),
        (
            .shapeMismatch(
                train: "i", trainShape: ExampleShape(rows: 28, columns: 28), test: "t",
                testShape: ExampleShape(rows: 3, columns: 2, element: .float32)),
            "i holds images of 28x28 but t of 3x2 float32; take both files from one data set"
        ),
        (
            .tooFewClasses(file: "l", label: 7),
            "l holds only the label 7; training needs at least 2 classes"
        ),
    ]

    @Test("name the file, the fault, the place and the remedy", arguments: descriptions)
    func description(error: DatasetError, text: String) {
        #expect(error.description == text)
    }

    @Test("stay on one line even if a path has a line break")
    func lineBreak() {
        let error = DatasetError.trailingBytes(file: "a\nb\r\nc", expected: 1)
        #expect(error.description.hasPrefix("a?b?c continues"))
    }
}
