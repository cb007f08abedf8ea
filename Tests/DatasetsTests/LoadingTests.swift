import Datasets
import Glibc
import Hashing
import Requirements
import Testing

@Suite("Loading a data set")
struct LoadingTests {
    @Test("reads counts, shape, pixels, labels and classes from raw files")
    func rawFiles() async throws {
        let folder = try SampleFolder()
        let dataset = try await folder.load()
        #expect(dataset.name == "custom")
        #expect(dataset.directory == folder.path)
        #expect(dataset.classes == 3)
        #expect(dataset.train.count == 12)
        #expect(dataset.train.shape.rows == 3)
        #expect(dataset.train.shape.columns == 2)
        #expect(dataset.train.values == (0..<72).map { UInt8($0 * 3) })
        #expect(dataset.train.labels == (0..<12).map { UInt8($0 % 3) })
        #expect(dataset.test.values == (0..<36).map { UInt8(255 - $0) })
        #expect(dataset.test.labels == [0, 1, 2, 0, 1, 2])
    }

    @Test(
        "reads gzipped files by any of their names",
        arguments: ["-idx", ".idx"], [".gz", ""])
    func names(separator: String, suffix: String) async throws {
        let files = sampleFiles.map { name, bytes in
            (name.split(separator: "-idx").joined(separator: separator) + suffix, gzip(bytes))
        }
        let folder = try SampleFolder(Dictionary(uniqueKeysWithValues: files))
        let dataset = try await folder.load()
        let raw = try await SampleFolder().load()
        #expect(dataset.train == raw.train)
        #expect(dataset.test == raw.test)
    }

    @Test("reads a raw file that is named .gz")
    func misnamed() async throws {
        let folder = try SampleFolder()
        try folder.remove(FileName.testLabels)
        try folder.write("\(FileName.testLabels).gz", idx([6], elements: [2, 2, 1, 1, 0, 0]))
        #expect(try await folder.load().test.labels == [2, 2, 1, 1, 0, 0])
    }

    @Test("prefers the gzipped file, so that a download replaces a broken raw file")
    func preference() async throws {
        let folder = try SampleFolder(FileName.testLabels, holds: [])
        try folder.write("\(FileName.testLabels).gz", gzip(idx([6], elements: [1, 1, 1, 0, 0, 2])))
        #expect(try await folder.load().test.labels == [1, 1, 1, 0, 0, 2])
    }

    @Test("joins gzip members, as gunzip does")
    func members() async throws {
        let labels = sampleFiles[FileName.testLabels] ?? []
        let members = gzip(Array(labels[..<5])) + gzip([]) + gzip(Array(labels[5...]))
        let folder = try SampleFolder(FileName.testLabels, holds: members)
        #expect(try await folder.load().test.labels == [0, 1, 2, 0, 1, 2])
    }

    // More than one read buffer, and not a multiple of its size.
    @Test("reads files larger than its buffers", arguments: [false, true])
    func large(packed: Bool) async throws {
        let pixels = (0..<12 * 311 * 307).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
        let images = idx([12, 311, 307], elements: pixels)
        let testImages = idx([6, 311, 307], elements: Array(pixels[..<572_862]))
        let folder = try SampleFolder(FileName.trainImages, holds: packed ? gzip(images) : images)
        try folder.write(FileName.testImages, testImages)
        #expect(try await folder.load().train.values == pixels)
    }

    @Test("reports the expected and the actual SHA-256 of each uncompressed file")
    func checksums() async throws {
        let name = FileName.trainLabels
        let labels = sampleFiles[name] ?? []
        let folder = try SampleFolder(name, holds: gzip(labels))
        let checksums = try await folder.load(.mnist).checksums
        #expect(
            checksums.map(\.file) == [
                folder[FileName.trainImages], folder[name], folder[FileName.testImages],
                folder[FileName.testLabels],
            ])
        #expect(checksums[1].actual == SHA256.hex(of: labels))
        #expect(checksums[1].expected.hasPrefix("65a50cbb"))
        #expect(checksums.allSatisfy { !$0.matches })
    }
}

@Suite("Searching for a data set")
struct SearchTests {
    @Test("looks for MNIST in TERN_MNIST_DIR, then in data/mnist")
    func mnistPath() {
        let set = ["TERN_MNIST_DIR": "/somewhere"]
        #expect(NamedDataset.mnist.searchPath(environment: set) == ["/somewhere", "data/mnist"])
        #expect(NamedDataset.mnist.searchPath(environment: [:]) == ["data/mnist"])
        let empty = ["TERN_MNIST_DIR": ""]
        #expect(NamedDataset.mnist.searchPath(environment: empty) == ["data/mnist"])
    }

    @Test("looks for Fashion-MNIST in data/fashion-mnist, then in Debian's folder")
    func fashionPath() {
        #expect(
            NamedDataset.fashionMNIST.searchPath(environment: ["TERN_MNIST_DIR": "/x"])
                == ["data/fashion-mnist", "/usr/share/datasets/fashion-mnist"])
    }

    @Test("finds MNIST through TERN_MNIST_DIR")
    func environment() async throws {
        let folder = try SampleFolder()
        let dataset = try await Dataset.load(
            .mnist, directory: nil, environment: ["TERN_MNIST_DIR": folder.path])
        #expect(dataset.directory == folder.path)
    }

    @Test("searches only the named folder, and reports if it is empty")
    func explicitDirectory() async throws {
        let full = try SampleFolder()
        let empty = try SampleFolder([:])
        await #expect(throws: DatasetError.notFound(.mnist, searched: [empty.path])) {
            try await Dataset.load(
                .mnist, directory: empty.path, environment: ["TERN_MNIST_DIR": full.path])
        }
    }

    @Test(
        "lists all searched folders if nothing is found",
        .needs(
            Requirement("a working directory without data/mnist") {
                access("data/mnist", F_OK) != 0
            }))
    func nothingFound() async throws {
        let empty = try SampleFolder([:])
        await #expect(
            throws: DatasetError.notFound(.mnist, searched: [empty.path, "data/mnist"])
        ) {
            try await Dataset.load(
                .mnist, directory: nil, environment: ["TERN_MNIST_DIR": empty.path])
        }
    }

    @Test("names the missing one of four files", arguments: sampleFiles.keys)
    func missingFile(name: String) async throws {
        let folder = try SampleFolder()
        try folder.remove(name)
        await #expect(throws: DatasetError.missingFile(name: name, directory: folder.path)) {
            try await folder.load()
        }
    }

    @Test("reports why a named folder cannot be used", arguments: ["", "/no/such/folder"])
    func noFolder(path: String) async throws {
        let reason = "No such file or directory"
        await #expect(throws: DatasetError.unreadable(path: path, reason: reason)) {
            try await Dataset.load(.mnist, directory: path, environment: [:])
        }
    }

    @Test("rejects a file where a folder is needed")
    func fileForFolder() async throws {
        let folder = try SampleFolder()
        let file = folder[FileName.trainImages]
        await #expect(throws: DatasetError.notAFolder(path: file)) {
            try await Dataset.load(.mnist, directory: file, environment: [:])
        }
    }
}
