import Files
import Foundation
import Glibc
import Requirements
import TestSupport
import Testing
import Watching

@Suite("A growing file")
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

    @Test("gives each line once, when it is complete")
    func readsFinishedLines() throws {
        #expect(try read() == (.none, []))
        try append("one\ntw")
        #expect(try read() == (.grown, ["one"]))
        #expect(try read() == (.none, []))
        try append("o\n\nthree\n")
        #expect(try read() == (.grown, ["two", "", "three"]))
    }

    @Test("is read again from the start after it was truncated or replaced")
    func noticesOtherFiles() throws {
        try append("one\ntwo\nthr")
        #expect(try read() == (.grown, ["one", "two"]))
        try folder.writeAtomically(Array("one\ntwo\nthree and more\n".utf8), to: "lines")
        #expect(try read() == (.replaced, ["anew", "one", "two", "three and more"]))
        #expect(truncate("\(path)/lines", 4) == 0)
        #expect(try read() == (.replaced, ["anew", "one"]))
    }

    @Test("counts and skips a line of megabytes, and gives those after it")
    func skipsLongLines() throws {
        try append(String(repeating: "x", count: 3 << 20))
        #expect(try read() == (.grown, []))
        try append("x\nshort\n")
        #expect(try read() == (.grown, ["short"]))
        #expect(file.skippedLines == 1)
    }

    @Test("is read up to a limit, and then from there on")
    func stopsInBetween() throws {
        try append("one\ntwo\n")
        #expect(try read(atMost: 5) == (.grown, ["one"]))
        #expect(file.isBehind)
        #expect(try read() == (.grown, ["two"]))
        #expect(!file.isBehind)
    }

    /// A file with another name or owner may be read, but not written.
    private static let traps = Trap.allCases.filter { $0 != .hardLink && $0 != .otherOwner }

    @Test("is rejected if something unsafe is in its place", arguments: traps)
    func refusesTraps(_ trap: Trap) throws {
        try folder.writeAtomically([], to: "victim")
        guard trap.set(at: "\(path)/lines", victim: "\(path)/victim") else {
            return passOver(without: .root)
        }
        #expect(throws: FileError.self) { try self.read() }
    }
}
