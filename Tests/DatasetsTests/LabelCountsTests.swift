import Datasets
import TestSupport
import Testing

@Suite("Labels with gaps are counted, not rejected")
struct LabelCountsTests {
    /// Labels, and the warning that they give.
    static let cases: [(train: [UInt8], test: [UInt8], classes: Int, warning: String?)] = [
        ([0, 1, 2, 0, 1, 2], [2, 1, 0], 3, nil),
        (
            [1, 2, 3, 4], [1, 2, 3, 4], 5,
            "labels 1 to 4 make 5 classes: class 0 has no training example and no test example"
        ),
        (
            [3, 8, 3, 8], [8, 3], 9,
            "labels 3 to 8 make 9 classes: 7 classes (0 to 2, 4 to 7) have no training example and no "
                + "test example"
        ),
        (
            [0, 1, 0, 1], [0, 1, 2, 2], 3,
            "labels 0 to 2 make 3 classes: class 2 has no training example but 2 test examples"
        ),
        (
            [0, 1, 2, 77], [0, 1, 2], 78,
            "labels 0 to 77 make 78 classes: 74 classes (3 to 76) have no training example and no test "
                + "example; class 77 has no test example but 1 training example"
        ),
        (
            [0, 2, 4], [1, 3], 5,
            "labels 0 to 4 make 5 classes: 2 classes (1, 3) have no training example but 2 test "
                + "examples; 3 classes (0, 2, 4) have no test example but 3 training examples"
        ),
    ]

    @Test("the highest label sets the number of classes", arguments: cases)
    func warning(train: [UInt8], test: [UInt8], classes: Int, warning: String?) async throws {
        let dataset = try await SampleFolder(train: train, test: test).load()
        #expect(dataset.classes == classes)
        #expect(dataset.labelCounts.warning == warning)
    }

    @Test("every label is a class, and a class without examples gives a warning")
    func anyLabels() throws {
        var random = SplitMix64(state: 7)
        for _ in 0..<300 {
            let kinds = 1 + Int(random.next() % 256)
            func labels() -> [UInt8] {
                (0..<1 + random.next() % 40).map { _ in UInt8(random.next() % UInt64(kinds)) }
            }
            let (train, test) = (labels(), labels())
            func set(_ labels: [UInt8]) -> ExampleSet {
                ExampleSet(ExampleShape(rows: 1, columns: 1), values: labels, labels: labels)
            }
            guard Set(train).count > 1 else {
                #expect(throws: DatasetError.self) {
                    try Dataset(train: set(train), test: set(test))
                }
                continue
            }
            let dataset = try Dataset(train: set(train), test: set(test))
            let highest = Int((train + test).max() ?? 0)
            #expect(dataset.classes == highest + 1)
            #expect(dataset.labelCounts.train.reduce(0, +) == train.count)
            #expect(dataset.labelCounts.test.reduce(0, +) == test.count)
            let isWhole =
                Set(train).count == highest + 1 && Set(test).count == highest + 1
            #expect((dataset.labelCounts.warning == nil) == isWhole, "\(train) \(test)")
        }
    }

    @Test("256 classes are allowed")
    func allLabels() async throws {
        let all = (0..<512).map { UInt8(truncatingIfNeeded: $0) }
        let dataset = try await SampleFolder(train: all, test: all).load()
        #expect(dataset.classes == 256)
        #expect(dataset.labelCounts.warning == nil)
    }

    @Test("a set without training examples is rejected")
    func noExamples() throws {
        let none = ExampleSet(ExampleShape(rows: 1, columns: 1), values: [], labels: [])
        let some = ExampleSet(ExampleShape(rows: 1, columns: 1), values: [1, 2], labels: [0, 1])
        #expect(throws: DatasetError.noExamples(name: "the training set")) {
            try Dataset(train: none, test: some)
        }
    }
}
