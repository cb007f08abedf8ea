import FoundationEssentials
import Testing

@Suite("Bad data is rejected with one line that names the file and the remedy", .bench)
struct BadDataTests {
    /// A way to damage a valid data set, and the expected error.
    struct Fault: CustomTestStringConvertible {
        let testDescription: String
        let status: Int32
        let parts: [String]
        let spoil: @Sendable (SampleData) throws -> Void

        init(
            _ description: String, status: Int32 = 65, _ parts: String...,
            spoil: @escaping @Sendable (SampleData) throws -> Void
        ) {
            testDescription = description
            self.status = status
            self.parts = parts
            self.spoil = spoil
        }
    }

    static let faults = [
        Fault(
            "a missing file", status: 66, "lacks \(SampleData.testLabels)",
            "add it: Tern needs all four files"
        ) { try $0.remove(SampleData.testLabels) },
        Fault("an empty file", "/\(SampleData.trainLabels)", "get this file again") {
            try $0.write(SampleData.trainLabels, [])
        },
        Fault(
            "a truncated file", "/\(SampleData.trainImages) ends after", "get this file again"
        ) { try $0.change(SampleData.trainImages) { $0.removeLast(1000) } },
        Fault(
            "a file that goes on after its end", "/\(SampleData.testImages) continues after",
            "get this file again"
        ) { try $0.change(SampleData.testImages) { $0.append(0) } },
        Fault(
            "a file of another kind", "\(SampleData.trainImages) is a ZIP archive, not an IDX file"
        ) {
            try $0.write(
                SampleData.trainImages, [0x50, 0x4B, 3, 4] + Array(repeating: 0, count: 99))
        },
        Fault(
            "a damaged gzip file", "/\(SampleData.trainImages).gz is damaged",
            "get this file again"
        ) { data in
            try data.remove(SampleData.trainImages)
            let packed: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 99]
            try data.write(SampleData.trainImages + ".gz", packed)
        },
        Fault("labels of one class", "/\(SampleData.trainLabels) holds only the label 3") {
            try $0.change(SampleData.trainLabels) { bytes in
                bytes.replaceSubrange(8..., with: repeatElement(3, count: 600))
            }
        },
        Fault("int32 labels", "holds int32 values", "convert them") {
            try $0.change(SampleData.trainLabels) { $0[2] = 0x0c }
        },
        Fault(
            "a value that is not a number", "holds nan in example 2 at row 1, column 3",
            "leave the example out"
        ) { data in
            try data.turnIntoFloats()
            try data.change("t10k-images-idx3-float") { bytes in
                let place = 16 + 4 * (2 * 144 + 15)
                bytes.replaceSubrange(place..<place + 4, with: [0x7f, 0xc0, 0, 0])
            }
        },
        Fault(
            "fewer labels than images", "holds 600 examples", "holds 599 labels",
            "take both files from one data set"
        ) {
            try $0.write(
                SampleData.trainLabels, idx([599], (0..<599).map { UInt8($0 % 10) }))
        },
        Fault(
            "test images of another size", "images of 12x12", "of 6x6",
            "take both files from one data set"
        ) {
            try $0.write(
                SampleData.testImages, idx([200, 6, 6], [UInt8](repeating: 0, count: 7200)))
        },
    ]

    @Test("by tern train, which creates no run", arguments: faults)
    func train(fault: Fault) async throws {
        let data = try SampleData()
        try fault.spoil(data)
        let run = RunFolder()
        let ending = try await tern(Recipe.small.arguments(data, into: run))
        expectRefusal(ending, status: fault.status, fault.parts)
        #expect(!FileManager.default.fileExists(atPath: run.path))
    }

    @Test("by tern dataset info", arguments: faults)
    func info(fault: Fault) async throws {
        let data = try SampleData()
        try fault.spoil(data)
        let ending = try await tern(["dataset", "info", "--data", data.folder])
        expectRefusal(ending, status: fault.status, fault.parts)
    }

    @Test("if it is a file instead of a folder")
    func file() async throws {
        let file = try SampleData().path(SampleData.trainImages)
        try await expectRefusal(
            ["train", "--data", file], status: 66, "\(file) is a file: give the folder that holds")
    }

    @Test("if it is missing, with the searched places and a way to get it")
    func nowhere() async throws {
        try await expectRefusal(
            ["train"], status: 66, "no mnist files in data/mnist", "Scripts/fetch-mnist", "--data")
        try await expectRefusal(
            ["train"], status: 66, "no mnist files in /no/folder, data/mnist",
            environment: ["TERN_MNIST_DIR": "/no/folder"])
        try await expectRefusal(
            ["train", "--data", "/no/folder"], status: 66, "cannot read '/no/folder'",
            "No such file or directory", "--data DIR")
    }
}
