import Datasets
import FoundationEssentials
import Requirements
import Testing

/// The folder of the real MNIST on this machine; nil if there is none.
let mnistDirectory: String? = {
    let named = ProcessInfo.processInfo.environment["TERN_MNIST_DIR"]
    return [named, packagePath("data/mnist"), packagePath("../shared/data/mnist")]
        .compactMap { $0.map { URL(filePath: $0).absoluteURL.path(percentEncoded: false) } }
        .first { FileManager.default.fileExists(atPath: "\($0)/\(FileName.trainImages).gz") }
}()

/// The absolute path of a file or folder in the package.
func packagePath(_ path: String) -> String {
    URL(filePath: #filePath).appending(path: "../../../\(path)").standardized
        .path(percentEncoded: false)
}

private let fashionDirectory = "/usr/share/datasets/fashion-mnist"

extension Requirement {
    static let mnist = Self("MNIST, in the folder that TERN_MNIST_DIR names") {
        mnistDirectory != nil
    }
    static let fashionMNIST = Self("the package dataset-fashion-mnist") {
        FileManager.default.fileExists(atPath: fashionDirectory)
    }
}

@Suite("Real data")
struct RealDataTests {
    @Test(
        "is recognised as MNIST, whichever data set is requested",
        .needs(.mnist),
        arguments: NamedDataset.allCases)
    func mnist(named: NamedDataset) async throws {
        let dataset = try await Dataset.load(named, directory: mnistDirectory, environment: [:])
        #expect(dataset.name == "mnist")
        #expect(dataset.checksums.map(\.matches) == [true, true, true, true])
        #expect([dataset.train.count, dataset.test.count] == [60_000, 10_000])
        #expect(
            [dataset.train.shape.rows, dataset.train.shape.columns, dataset.classes] == [
                28, 28, 10,
            ])
        #expect(dataset.train.labels.starts(with: [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]))
        #expect(dataset.test.labels.starts(with: [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]))
    }

    @Test(
        "is recognised as Fashion-MNIST as Debian packages it",
        .needs(.fashionMNIST))
    func fashionMNIST() async throws {
        let dataset = try await Dataset.load(
            .fashionMNIST, directory: fashionDirectory, environment: [:])
        #expect(dataset.name == "fashion-mnist")
        #expect(dataset.checksums.map(\.matches) == [true, true, true, true])
        #expect([dataset.train.count, dataset.test.count] == [60_000, 10_000])
        #expect(
            [dataset.train.shape.rows, dataset.train.shape.columns, dataset.classes] == [
                28, 28, 10,
            ])
        #expect(dataset.train.labels.starts(with: [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]))
    }

    @Test(
        "with one changed label is custom, and the report shows which file differs",
        .needs(.mnist))
    func changedLabel() async throws {
        let original = try #require(mnistDirectory)
        let folder = try SampleFolder([:])
        for name in [FileName.trainImages, FileName.trainLabels, FileName.testImages] {
            try FileManager.default.createSymbolicLink(
                atPath: folder["\(name).gz"], withDestinationPath: "\(original)/\(name).gz")
        }
        let dataset = try await Dataset.load(.mnist, directory: original, environment: [:])
        var labels = dataset.test.labels
        labels[0] = 1
        try folder.write(FileName.testLabels, idx([10_000], elements: labels))
        let changed = try await folder.load()
        #expect(changed.name == "custom")
        #expect(changed.checksums.map(\.matches) == [true, true, true, false])
    }
}
