import Datasets
import Testing

@Suite("Files that do not match")
struct BadContentTests {
    @Test("are rejected if the numbers of labels and images differ")
    func countMismatch() async throws {
        let folder = try SampleFolder(
            FileName.testLabels, holds: idx([5], elements: [0, 1, 2, 0, 1]))
        let error = DatasetError.countMismatch(
            images: folder[FileName.testImages], imageCount: 6,
            labels: folder[FileName.testLabels], labelCount: 5)
        await #expect(throws: error) { try await folder.load() }
    }

    @Test("are rejected if test images have another shape, even with equal pixel counts")
    func shapeMismatch() async throws {
        let folder = try SampleFolder(
            FileName.testImages, holds: idx([6, 2, 3], elements: [UInt8](repeating: 0, count: 36)))
        let error = DatasetError.shapeMismatch(
            train: folder[FileName.trainImages], trainShape: ExampleShape(rows: 3, columns: 2),
            test: folder[FileName.testImages], testShape: ExampleShape(rows: 2, columns: 3))
        await #expect(throws: error) { try await folder.load() }
    }

    @Test("are rejected if all training labels are the same", arguments: [0, 7])
    func oneClass(label: UInt8) async throws {
        let folder = try SampleFolder(train: [UInt8](repeating: label, count: 40), test: [label])
        let error = DatasetError.tooFewClasses(
            file: folder[FileName.trainLabels], label: Int(label))
        await #expect(throws: error) { try await folder.load() }
    }
}
