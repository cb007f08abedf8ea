import Datasets
import Testing

@Suite("Sequences")
struct SequenceTests {
    private static let floats = (0..<72).map { Float($0) * -1.7e-3 + 1e30 / Float($0 + 1) }

    /// The sample data set with other examples: training and test files whose names end alike.
    private func folder(
        _ ending: String, packed: Bool = false, train: [UInt8], test: [UInt8]
    ) throws -> SampleFolder {
        let folder = try SampleFolder()
        for (name, stem, bytes) in [
            (FileName.trainImages, "train-images", train),
            (FileName.testImages, "t10k-images", test),
        ] {
            try folder.remove(name)
            let packing = packed ? ".gz" : ""
            try folder.write("\(stem)\(ending)\(packing)", packed ? gzip(bytes) : bytes)
        }
        return folder
    }

    @Test(
        "of float32 with three dimensions keep their bits, whatever the file's name",
        arguments: ["-idx3-float", ".idx3-float", "-idx3-ubyte"], [false, true])
    func floats(ending: String, packed: Bool) async throws {
        let folder = try folder(
            ending, packed: packed, train: idx([12, 3, 2], floats: Self.floats),
            test: idx([6, 3, 2], floats: Self.floats.suffix(36)))
        let dataset = try await folder.load()
        #expect(dataset.train.shape == ExampleShape(rows: 3, columns: 2, element: .float32))
        #expect(dataset.train.count == 12)
        #expect(dataset.train.values == littleEndian(Self.floats))
        #expect(dataset.test.values == littleEndian(Self.floats.suffix(36)))
        #expect("\(dataset.train.shape)" == "3x2 float32")
    }

    @Test("of two dimensions have one value a step", arguments: ["-idx2-float", ".idx2-float"])
    func series(ending: String) async throws {
        let folder = try folder(
            ending, train: idx([12, 6], floats: Self.floats),
            test: idx([6, 6], floats: Self.floats.suffix(36)))
        let dataset = try await folder.load()
        #expect(dataset.train.shape == ExampleShape(rows: 6, columns: 1, element: .float32))
        #expect(dataset.train.values == littleEndian(Self.floats))
    }

    @Test("of bytes with two dimensions are read too")
    func bytes() async throws {
        let bytes = (0..<72).map { UInt8($0 * 3) }
        let folder = try folder(
            "-idx2-ubyte", train: idx([12, 6], elements: bytes),
            test: idx([6, 6], elements: Array(bytes[..<36])))
        let dataset = try await folder.load()
        #expect(dataset.train.shape == ExampleShape(rows: 6, columns: 1))
        #expect(dataset.train.values == bytes)
    }

    @Test(
        "with a value that is not finite are rejected, and the error names its position",
        arguments: [Float.infinity, -.infinity, .nan, .signalingNaN])
    func notFinite(value: Float) async throws {
        var floats = Self.floats
        floats[6 * 7 + 5] = value
        let folder = try folder(
            "-idx3-float", train: idx([12, 3, 2], floats: floats),
            test: idx([6, 3, 2], floats: Self.floats.suffix(36)))
        let error = DatasetError.notFinite(
            file: folder["train-images-idx3-float"], value: value.isNaN ? "nan" : "\(value)",
            example: 7, row: 2, column: 1)
        let thrown = await #expect(throws: DatasetError.self) { try await folder.load() }
        // A signalling NaN has another text than a quiet one.
        #expect(thrown == error || value.isSignalingNaN)
        #expect(thrown?.description.contains("in example 7 at row 2, column 1") == true)

        // The same values in memory give the same error.
        var bytes = floats.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
        let shape = ExampleShape(rows: 3, columns: 2, element: .float32)
        let labels = (0..<12).map { UInt8($0 % 3) }
        let spoilt = ExampleSet(shape, values: bytes, labels: labels)
        bytes = [UInt8](repeating: 0, count: bytes.count)
        let whole = ExampleSet(shape, values: bytes, labels: labels)
        _ = try Dataset(train: whole, test: whole)
        #expect(throws: DatasetError.self) { try Dataset(train: spoilt, test: whole) }
        #expect(throws: DatasetError.self) { try Dataset(train: whole, test: spoilt) }
    }

    @Test("with the largest and smallest floats are accepted")
    func extremes() async throws {
        var floats = Self.floats
        floats[0] = .greatestFiniteMagnitude
        floats[1] = -.leastNonzeroMagnitude
        let folder = try folder(
            "-idx3-float", train: idx([12, 3, 2], floats: floats),
            test: idx([6, 3, 2], floats: Self.floats.suffix(36)))
        #expect(try await folder.load().train.values == littleEndian(floats))
    }

    @Test("of bytes for training and floats for testing do not match")
    func mixture() async throws {
        let folder = try SampleFolder(
            FileName.testImages, holds: idx([6, 3, 2], floats: Self.floats.suffix(36)))
        let error = DatasetError.shapeMismatch(
            train: folder[FileName.trainImages], trainShape: ExampleShape(rows: 3, columns: 2),
            test: folder[FileName.testImages],
            testShape: ExampleShape(rows: 3, columns: 2, element: .float32))
        await #expect(throws: error) { try await folder.load() }
    }

    @Test("of floats report missing or extra data in bytes")
    func sizes() async throws {
        let short = try folder(
            "-idx3-float", train: idx([12, 3, 2], floats: Self.floats.dropLast()), test: [])
        let truncated = DatasetError.truncated(
            file: short["train-images-idx3-float"], expected: 16 + 288, actual: 16 + 284)
        await #expect(throws: truncated) { try await short.load() }
        let large = try folder(
            "-idx2-float", train: idx([1 << 31, 1 << 31], floats: []), test: [])
        let tooLarge = DatasetError.tooLarge(
            file: large["train-images-idx2-float"], dimensions: [1 << 31, 1 << 31, 4])
        await #expect(throws: tooLarge) { try await large.load() }
    }
}

private func littleEndian(_ floats: some Sequence<Float>) -> [UInt8] {
    floats.flatMap { value in
        stride(from: 0, to: 32, by: 8).map { UInt8(truncatingIfNeeded: value.bitPattern >> $0) }
    }
}
