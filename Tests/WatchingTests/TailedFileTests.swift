import Foundation
import Glibc
import Requirements
import TestSupport
import Testing
import Training
import Watching

@Suite("Files that are read while they grow")
final class TailedFileTests {
    private let path = NSTemporaryDirectory() + "tern-watching-" + UUID().uuidString
    private let folder: Folder
    private let file: TailedFile

    init() throws {
        try Files.makeFolder(path)
        folder = try Folder(path)
        file = TailedFile(folder, "lines")
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    private func append(_ text: String) throws {
        let file = try folder.openForAppending("lines")
        defer { close(file) }
        try Files.writeAll(Array(text.utf8), to: file, path: path)
    }

    private func read(atMost most: Int = 1 << 22) throws -> (TailedFile.Change, [String]) {
        var lines: [String] = []
        let change = try file.read(atMost: most, replaced: { lines = ["anew"] }) {
            lines.append(String(decoding: $0, as: UTF8.self))
        }
        return (change, lines)
    }

    @Test("a line is handed out once, and not before its end is there")
    func readsFinishedLines() throws {
        #expect(try read() == (.none, []))
        try append("one\ntw")
        #expect(try read() == (.grown, ["one"]))
        #expect(try read() == (.none, []))
        try append("o\n\nthree\n")
        #expect(try read() == (.grown, ["two", "", "three"]))
    }

    @Test("a file that was cut back or replaced is read anew")
    func noticesOtherFiles() throws {
        try append("one\ntwo\nthr")
        #expect(try read() == (.grown, ["one", "two"]))
        try folder.writeAtomically(Array("one\ntwo\nthree and more\n".utf8), to: "lines")
        #expect(try read() == (.replaced, ["anew", "one", "two", "three and more"]))
        #expect(truncate("\(path)/lines", 4) == 0)
        #expect(try read() == (.replaced, ["anew", "one"]))
    }

    @Test("a line of megabytes is skipped and counted, and those after it are read")
    func skipsLongLines() throws {
        try append(String(repeating: "x", count: 3 << 20))
        #expect(try read() == (.grown, []))
        try append("x\nshort\n")
        #expect(try read() == (.grown, ["short"]))
        #expect(file.skippedLines == 1)
    }

    @Test("a reading stops where it is told to, and the next one goes on there")
    func stopsInBetween() throws {
        try append("one\ntwo\n")
        #expect(try read(atMost: 5) == (.grown, ["one"]))
        #expect(file.isBehind)
        #expect(try read() == (.grown, ["two"]))
        #expect(!file.isBehind)
    }

    /// A file with another name or owner may be read, though not be written.
    private static let traps = Trap.allCases.filter { $0 != .hardLink && $0 != .otherOwner }

    @Test("what somebody else put in the file's place is refused", arguments: traps)
    func refusesTraps(_ trap: Trap) throws {
        try folder.writeAtomically([], to: "victim")
        guard trap.set(at: "\(path)/lines", victim: "\(path)/victim") else {
            return passOver(without: .root)
        }
        #expect(throws: FileError.self) { try self.read() }
    }
}
