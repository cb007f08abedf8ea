import Datasets
import Testing

@Suite("Files that do not fit together")
struct BadContentTests {
    @Test("refuses a number of labels that is not the number of images")
    func countMismatch() async throws {
        let folder = try SampleFolder(
            FileName.testLabels, holds: idx([5], elements: [0, 1, 2, 0, 1]))
        let error = DatasetError.countMismatch(
            images: folder[FileName.testImages], imageCount: 6,
            labels: folder[FileName.testLabels], labelCount: 5)
        await #expect(throws: error) { try await folder.load() }
    }

    @Test("refuses test images of another shape, even of as many pixels")
    func shapeMismatch() async throws {
        let folder = try SampleFolder(
            FileName.testImages, holds: idx([6, 2, 3], elements: [UInt8](repeating: 0, count: 36)))
        let error = DatasetError.shapeMismatch(
            train: folder[FileName.trainImages], trainShape: ExampleShape(rows: 3, columns: 2),
            test: folder[FileName.testImages], testShape: ExampleShape(rows: 2, columns: 3))
        await #expect(throws: error) { try await folder.load() }
    }

    @Test("refuses training labels of a single class", arguments: [0, 7])
    func oneClass(label: UInt8) async throws {
        let folder = try sample(train: [UInt8](repeating: label, count: 40), test: [label])
        let error = DatasetError.tooFewClasses(
            file: folder[FileName.trainLabels], label: Int(label))
        await #expect(throws: error) { try await folder.load() }
    }

    @Test("refuses a test label that no training example has taught, at its first index")
    func testLabel() async throws {
        let folder = try sample(train: digits(40), test: [0, 9, 11, 10])
        await expectLabel(11, at: 2, of: FileName.testLabels, expected: 0...9, in: folder)
    }

    @Test("refuses a top label that occurs once in training and never in the test")
    func strayLabel() async throws {
        var train = digits(40)
        train[17] = 10
        let folder = try sample(train: train, test: digits(20))
        await expectLabel(10, at: 17, of: FileName.trainLabels, expected: 0...9, in: folder)
    }

    // 402 examples of 11 classes average 36.5, of which a twentieth is 1.8; for 452 it is 2.05.
    @Test("refuses a top label up to a twentieth of the average", arguments: [false, true])
    func rareLabel(moreExamples: Bool) async throws {
        let train = digits(moreExamples ? 450 : 400) + [10, 10]
        let folder = try sample(train: train, test: digits(20))
        if moreExamples {
            await expectLabel(10, at: 450, of: FileName.trainLabels, expected: 0...9, in: folder)
        } else {
            #expect(try await folder.load().classes == 11)
        }
    }

    @Test("accepts a rare top label that the test labels know")
    func rareButTested() async throws {
        let folder = try sample(train: digits(400) + [10], test: digits(20) + [10])
        #expect(try await folder.load().classes == 11)
    }

    @Test("refuses labels of which most classes have no example")
    func sparseLabels() async throws {
        var train = digits(400)
        for index in 100..<150 { train[index] = 200 }
        let folder = try sample(train: train, test: digits(20))
        await expectLabel(200, at: 100, of: FileName.trainLabels, expected: 0...9, in: folder)
    }

    @Test("asks for labels without large gaps where train and test agree on them")
    func gaps() async throws {
        let folder = try sample(train: [0, 4, 0, 4, 0, 4], test: [4, 0])
        await expectLabel(4, at: 1, of: FileName.trainLabels, expected: 0...1, in: folder)
    }

    @Test("accepts labels of which half the classes have an example")
    func smallGaps() async throws {
        let folder = try sample(train: [1, 3, 1, 3], test: [1, 3])
        #expect(try await folder.load().classes == 4)
    }

    @Test("accepts 256 classes")
    func allLabels() async throws {
        let all = (0..<512).map { UInt8(truncatingIfNeeded: $0) }
        let folder = try sample(train: all, test: all)
        #expect(try await folder.load().classes == 256)
    }

    /// Labels 0 to 9 in turn.
    private func digits(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8($0 % 10) }
    }

    /// A data set of these labels, with images of one pixel.
    private func sample(train: [UInt8], test: [UInt8]) throws -> SampleFolder {
        try SampleFolder([
            FileName.trainImages: idx([train.count, 1, 1], elements: train),
            FileName.trainLabels: idx([train.count], elements: train),
            FileName.testImages: idx([test.count, 1, 1], elements: test),
            FileName.testLabels: idx([test.count], elements: test),
        ])
    }

    private func expectLabel(
        _ label: Int, at index: Int, of name: String, expected: ClosedRange<Int>,
        in folder: SampleFolder, sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let error = DatasetError.labelOutOfRange(
            file: folder[name], index: index, label: label, expected: expected)
        await #expect(throws: error, sourceLocation: sourceLocation) { try await folder.load() }
    }
}
