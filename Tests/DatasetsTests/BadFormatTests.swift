import Datasets
import FoundationEssentials
import Glibc
import Testing

@Suite("Files in a bad format")
struct BadFormatTests {
    @Test(
        "are rejected for the magic number of another kind of file",
        arguments: [
            [0, 0, 0x0a, 3, 0, 0, 0, 12],  // a type that the format does not have
            [0, 0, 8, 0, 0, 0, 0, 12],
            [0, 0, 8, 9, 0, 0, 0, 12],
            [0, 1, 8, 3, 0, 0, 0, 12],
            [1],
        ] as [[UInt8]], [false, true])
    func wrongMagic(bytes: [UInt8], packed: Bool) async throws {
        let folder = try SampleFolder(
            FileName.trainImages, holds: packed ? gzip(bytes) : bytes)
        let error = DatasetError.wrongMagic(
            file: folder[FileName.trainImages], found: Array(bytes.prefix(4)), .examples)
        await #expect(throws: error) { try await folder.load() }
    }

    @Test(
        "are named by their actual format, compressed or not",
        arguments: [
            ("a bzip2 file", Array("BZh91AY&SY".utf8)),
            ("an xz file", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4]),
            ("a ZIP archive", [0x50, 0x4b, 3, 4, 20, 0]),
            ("a PNG file", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
            ("a web page", Array("<!DOCTYPE html>".utf8)),
            ("a tar archive", [UInt8](repeating: 0x61, count: 257) + Array("ustar".utf8)),
        ] as [(String, [UInt8])], [FileName.trainImages, FileName.testLabels])
    func otherFormat(sample: (format: String, bytes: [UInt8]), name: String) async throws {
        let folder = try SampleFolder(name, holds: sample.bytes)
        for packed in [false, true] {
            try folder.write(name, packed ? gzip(sample.bytes) : sample.bytes)
            let error = await #expect(throws: DatasetError.self) { try await folder.load() }
            let line = error?.description ?? ""
            #expect(line.hasPrefix("\(folder[name]) is \(sample.format), not an IDX file: "))
        }
    }

    @Test(
        "name an unsupported element type, with a way to convert it",
        arguments: [
            (0x09, "int8"), (0x0b, "int16"), (0x0c, "int32"), (0x0d, "float32"), (0x0e, "float64"),
        ] as [(UInt8, String)], [FileName.trainImages, FileName.testLabels])
    func otherType(type: (byte: UInt8, name: String), name: String) async throws {
        let isLabels = name == FileName.testLabels
        // Examples may be float32.
        guard isLabels || type.name != "float32" else { return }
        let content: IDXContent = isLabels ? .labels : .examples
        let folder = try SampleFolder(
            name, holds: [0, 0, type.byte, isLabels ? 1 : 3, 0, 0, 0, 12])
        let error = DatasetError.otherType(file: folder[name], type: type.name, content)
        await #expect(throws: error) { try await folder.load() }
        #expect(error.description.contains("holds \(type.name) values"))
        #expect(error.description.contains("convert them"))
        #expect(!error.description.contains("get this file again"))
    }

    @Test("name the dimensions if there are too many or too few", arguments: [1, 4, 8])
    func otherDimensions(dimensions: UInt8) async throws {
        let folder = try SampleFolder(
            FileName.trainImages, holds: [0, 0, 8, dimensions, 0, 0, 0, 12])
        let error = DatasetError.otherDimensions(
            file: folder[FileName.trainImages], dimensions: Int(dimensions), .examples)
        await #expect(throws: error) { try await folder.load() }
        try folder.write(FileName.trainImages, sampleFiles[FileName.trainImages] ?? [])
        try folder.write(FileName.trainLabels, [0, 0, 8, 2, 0, 0, 0, 12])
        let labels = DatasetError.otherDimensions(
            file: folder[FileName.trainLabels], dimensions: 2, .labels)
        await #expect(throws: labels) { try await folder.load() }
    }

    @Test("are rejected for a zero dimension", arguments: zip(0..<3, ["count", "rows", "columns"]))
    func emptyDimension(index: Int, dimension: String) async throws {
        var dimensions = [12, 3, 2]
        dimensions[index] = 0
        let folder = try SampleFolder(FileName.trainImages, holds: idx(dimensions, elements: []))
        let error = DatasetError.emptyDimension(
            file: folder[FileName.trainImages], dimension: dimension)
        await #expect(throws: error) { try await folder.load() }
    }

    @Test(
        "are rejected if the header announces more than memory could hold",
        arguments: [
            [1 << 20, 1 << 20, 1 << 20],
            [0xffff_ffff, 0xffff_ffff, 0xffff_ffff],
            [0xffff_ffff, 0xffff_ffff, 1],  // negative as a wrapped product
        ], [false, true])
    func tooLarge(dimensions: [Int], packed: Bool) async throws {
        let images = idx(dimensions, elements: [1, 2, 3])
        let folder = try SampleFolder(
            FileName.trainImages, holds: packed ? gzip(images) : images)
        let error = DatasetError.tooLarge(
            file: folder[FileName.trainImages], dimensions: dimensions)
        await #expect(throws: error) { try await folder.load() }
    }

    @Test("report how many announced bytes are missing", arguments: [false, true])
    func truncated(packed: Bool) async throws {
        let labels = idx([500_000_000], elements: [0, 1, 2])
        let folder = try SampleFolder(
            FileName.testLabels, holds: packed ? gzip(labels) : labels)
        let error = DatasetError.truncated(
            file: folder[FileName.testLabels], expected: 500_000_008, actual: 11)
        await #expect(throws: error) { try await folder.load() }
    }

    @Test("are rejected for bytes after the announced ones", arguments: [false, true])
    func trailingBytes(packed: Bool) async throws {
        let labels = idx([6], elements: [0, 1, 2, 0, 1, 2, 0])
        let folder = try SampleFolder(
            FileName.testLabels, holds: packed ? gzip(labels) : labels)
        let error = DatasetError.trailingBytes(file: folder[FileName.testLabels], expected: 14)
        await #expect(throws: error) { try await folder.load() }
    }

    @Test("are rejected for a second gzip member after the announced bytes")
    func trailingMember() async throws {
        let packed = gzip(sampleFiles[FileName.testLabels] ?? [])
        let folder = try SampleFolder(FileName.testLabels, holds: packed + gzip([7]))
        let error = DatasetError.trailingBytes(file: folder[FileName.testLabels], expected: 14)
        await #expect(throws: error) { try await folder.load() }
    }

    @Test("are rejected for a wrong gzip checksum")
    func wrongChecksum() async throws {
        var packed = gzip(sampleFiles[FileName.testLabels] ?? [])
        packed[packed.count - 8] ^= 1
        let folder = try SampleFolder(FileName.testLabels, holds: packed)
        let error = DatasetError.damagedGzip(
            file: folder[FileName.testLabels], unpacked: 14, reason: "incorrect data check")
        await #expect(throws: error) { try await folder.load() }
    }

    @Test("are rejected without waiting if they are not regular files")
    func irregularFiles() async throws {
        let folder = try SampleFolder()
        let path = folder[FileName.trainLabels]
        let error = DatasetError.unreadable(path: path, reason: "not a regular file")

        try folder.remove(FileName.trainLabels)
        #expect(mkfifo(path, 0o600) == 0)
        await #expect(throws: error) { try await folder.load() }

        try folder.remove(FileName.trainLabels)
        #expect(mkdir(path, 0o700) == 0)
        await #expect(throws: error) { try await folder.load() }

        try folder.remove(FileName.trainLabels)
        #expect(symlink("/dev/zero", path) == 0)
        await #expect(throws: error) { try await folder.load() }
    }

    // A loop of links, because a test that runs as root may read any file.
    @Test("report the operating system's reason if they cannot be opened")
    func unreadable() async throws {
        let folder = try SampleFolder()
        let path = folder[FileName.trainLabels]
        try folder.remove(FileName.trainLabels)
        #expect(symlink(path, path) == 0)
        let error = DatasetError.unreadable(
            path: path, reason: "Too many levels of symbolic links")
        await #expect(throws: error) { try await folder.load() }
    }
}
