import FoundationEssentials
import Glibc
import Requirements
import Testing

@Suite(
    "Scripts/fetch-mnist",
    .needs(.program("curl")))
struct FetchScriptTests {
    @Test("prints one line and leaves no file if no mirror responds")
    func noMirror() throws {
        let folder = try SampleFolder([:])
        let result = try fetch(into: folder, mirrors: "http://127.0.0.1:1/a file:///no/mirror")
        #expect(result.status == 1)
        #expect(result.output.hasPrefix("fetch-mnist: train-images-idx3-ubyte.gz: no mirror"))
        #expect(result.output.count { $0.isNewline } == 1)
        #expect(try folder.names() == [])
    }

    @Test("rejects content that is not MNIST, and keeps the existing file")
    func wrongContent() throws {
        let mirror = try SampleFolder()
        for (name, bytes) in sampleFiles { try mirror.write("\(name).gz", gzip(bytes)) }
        let folder = try SampleFolder(["\(FileName.trainImages).gz": [1, 2, 3]])
        let result = try fetch(into: folder, mirrors: "file://\(mirror.path)")
        #expect(result.status == 1)
        #expect(result.output.contains("the content is not MNIST's"))
        #expect(try folder.names() == ["\(FileName.trainImages).gz"])
    }

    @Test(
        "tries the next mirror after a failure, and skips files that are already correct",
        .needs(.mnist))
    func nextMirror() throws {
        let real = "file://\(try #require(mnistDirectory))"
        let folder = try SampleFolder(["\(FileName.trainLabels).gz": [1, 2, 3]])
        let first = try fetch(into: folder, mirrors: "file:///no/mirror \(real)")
        #expect(first.status == 0)
        #expect(first.output.components(separatedBy: "fetched from \(real)").count == 5)
        #expect(try folder.names() == sampleFiles.keys.map { "\($0).gz" }.sorted())

        let second = try fetch(into: folder, mirrors: "file:///no/mirror")
        #expect(second.status == 0)
        #expect(second.output.components(separatedBy: "already there").count == 5)
    }

    /// Runs the script; returns its output on both streams and its exit status.
    private func fetch(
        into folder: SampleFolder, mirrors: String
    ) throws -> (status: Int32, output: String) {
        let script = packagePath("Scripts/fetch-mnist")
        let command = "TERN_MNIST_MIRRORS='\(mirrors)' '\(script)' '\(folder.path)' 2>&1"
        let pipe = try #require(popen(command, "r"))
        var output: [UInt8] = []
        while case let byte = fgetc(pipe), byte != EOF { output.append(UInt8(byte)) }
        return (pclose(pipe) >> 8, String(decoding: output, as: UTF8.self))
    }
}

extension SampleFolder {
    fileprivate func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }
}
