import Files
import TestSupport
import Testing

@Suite("A line reader")
struct LineReaderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The lines of a file with these bytes, and the reader's offset after them.
    private func read(_ bytes: [UInt8]) throws -> (lines: [[UInt8]], offset: Int) {
        try Files.writeAtomically(bytes, to: folder["file"])
        var reader = try LineReader(Folder(folder.path), "file")
        var lines: [[UInt8]] = []
        while let line = try reader.next() { lines.append(Array(line)) }
        return (lines, reader.offset)
    }

    @Test("gives complete lines, and skips an incomplete one at the end")
    func lines() throws {
        #expect(try read([]).lines == [])
        #expect(
            try read(Array("ab\n\ncd\ne".utf8)).lines == ["ab", "", "cd"].map { Array($0.utf8) })
        #expect(try read(Array("ab\n\ncd\ne".utf8)).offset == 7)
        #expect(try read(Array("no end".utf8)) == ([], 0))
    }

    @Test("gives the same lines of a file far larger than its buffer")
    func large() throws {
        let lines: [[UInt8]] = (0..<50_000).map { Array("line \($0 * $0)".utf8) }
        let bytes: [UInt8] = lines.flatMap { line in line + [10] }
        let result = try read(bytes)
        #expect(result.lines == lines)
        #expect(result.offset == bytes.count)
    }

    @Test("splits an endless line, to limit its memory")
    func endless() throws {
        let result = try read([UInt8](repeating: 65, count: 300_000))
        #expect(result.lines.allSatisfy { $0.count == 1024 })
        #expect(result.lines.count == 300_000 / 1024)
    }

    @Test("names a file that cannot be read")
    func unreadable() {
        #expect(throws: FileError(operation: "read", path: folder["none"], code: 2)) {
            _ = try LineReader(Folder(folder.path), "none")
        }
        #expect(throws: FileError(operation: "read", path: folder.path, code: 21)) {
            _ = try LineReader(Folder(folder.path), ".")
        }
    }
}
