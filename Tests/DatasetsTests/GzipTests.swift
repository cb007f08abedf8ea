import Datasets
import FoundationEssentials
import Glibc
import Testing
import TestSupport

@Suite("Gzip files, compared with gzip itself")
struct GzipTests {
    /// The verdict of `gzip -t`, from its exit status.
    private enum Verdict: Int32 { case whole, broken, warned }

    @Test("are accepted, accepted with a warning, or rejected as gzip does", arguments: 0..<6)
    func layouts(seed: UInt64) async throws {
        var random = SplitMix64(state: seed)
        let folder = try SampleFolder([:])
        for index in 0..<60 { try folder.write("\(index).gz", layout(using: &random)) }
        try check(folder)
    }

    @Test("agree with gzip when they are truncated at any length")
    func cuts() throws {
        let images = sampleFiles[FileName.trainImages] ?? []
        let packed = gzip(Array(images.prefix(20))) + gzip([]) + gzip(Array(images.dropFirst(20)))
        let file = packed + [0, 0, 0x1f, 0x8b, 8]
        let folder = try SampleFolder([:])
        for length in 2...file.count {
            try folder.write("\(length).gz", Array(file.prefix(length)))
        }
        try check(folder)
    }

    @Test("add a warning to the data if other bytes follow their end")
    func warning() async throws {
        let folder = try SampleFolder()
        let labels = gzip(sampleFiles[FileName.testLabels] ?? [])
        try folder.write(FileName.testLabels, labels + [0, 0, 0])
        #expect(try await folder.load().warnings == [])
        try folder.write(FileName.testLabels, labels + Array("garbage".utf8))
        let path = folder[FileName.testLabels]
        #expect(
            try await folder.load().warnings
                == ["\(path) goes on after its gzip data: the rest is ignored"])
    }

    /// Compares Tern's verdict on each file with gzip's.
    private func check(_ folder: SampleFolder) throws {
        let whole = try #require(sampleFiles[FileName.trainImages])
        for (name, verdict) in try verdicts(in: folder) {
            let path = folder[name]
            let file = try? ExampleFile(path: path)
            let unpacked = try Data(contentsOf: URL(filePath: "\(path).out"))
            let isTaken = verdict != .broken && Array(unpacked) == whole
            #expect((file != nil) == isTaken, "\(path): \(verdict)")
            #expect((file?.warning != nil) == (isTaken && verdict == .warned), "\(path)")
            #expect(file == nil || file?.values == Array(whole.dropFirst(16)), "\(path)")
        }
    }

    /// Runs gzip over all files, in one shell.
    private func verdicts(in folder: SampleFolder) throws -> [(name: String, Verdict)] {
        let script = """
            cd '\(folder.path)' && for file in *.gz; do
                gzip -t $file 2>/dev/null; echo $file $? >>verdicts; zcat $file >$file.out 2>/dev/null
            done; true
            """
        try #require(system(script) == 0)
        let text = try String(contentsOfFile: folder["verdicts"], encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            let parts = line.split(separator: " ")
            let verdict = try #require(Int32(parts[1]).flatMap(Verdict.init))
            return (String(parts[0]), verdict)
        }
    }

    /// A file of examples in one or several members, with bytes after it, sometimes damaged.
    private func layout(using random: inout SplitMix64) -> [UInt8] {
        var rest = sampleFiles[FileName.trainImages] ?? []
        var file: [UInt8] = []
        while !rest.isEmpty {
            let count =
                Bool.random(using: &random)
                ? rest.count : Int.random(in: 0...rest.count, using: &random)
            file += gzip(Array(rest.prefix(count)))
            rest.removeFirst(count)
        }
        let tails: [[UInt8]] = [
            [], [], [0], [0, 0, 0], [UInt8](repeating: 0, count: 70_000), [7], [7, 7], [0, 7],
            [0x1f],
            [0x1f, 0x8b], [0x1f, 0x8b, 7, 0], [0x1f, 0x8b, 8, 0], gzip([]), gzip([1]),
            [0] + gzip([]),
            [7, 0] + gzip([1]), Array(gzip([]).dropLast()), [0, 0x1f, 0x8b], gzip([]) + [0, 0],
        ]
        file += tails.randomElement(using: &random) ?? []
        if Int.random(in: 0..<4, using: &random) == 0 {
            file.removeLast(Int.random(in: 0..<file.count - 2, using: &random))
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            // Not in the first member's header: gzip and zlib differ over meaningless flags there.
            let place = Int.random(in: 10..<max(11, file.count), using: &random)
            if place < file.count { file[place] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
        }
        return file
    }
}
