import Files
import FoundationEssentials
import Glibc
import Requirements
import TestSupport
import Testing

@Suite("An open folder")
struct FolderTests {
    private let temporary: TemporaryFolder
    private let folder: Folder
    private let outside: String
    private var victim: String { "\(outside)/victim" }
    private static let secret: [UInt8] = Array("not yours\n".utf8)

    init() throws {
        temporary = try TemporaryFolder()
        outside = temporary["outside"]
        for path in [outside, temporary["run"]] { try Files.makeFolder(path) }
        try Files.writeAtomically(Self.secret, to: "\(outside)/victim")
        folder = try Folder(temporary["run"])
    }

    /// The state outside the folder: names, bytes and times of the last change.
    private func state() throws -> [String] {
        var status = stat()
        #expect(lstat(victim, &status) == 0)
        let time = "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
        return try Files.names(in: outside)
            + ["\(Files.read(victim))", time, "\(status.st_size)"]
    }

    private func isRegular(_ name: String) -> Bool {
        var status = stat()
        return lstat(folder.path(of: name), &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            && status.st_nlink == 1
    }

    /// The operations on a name in a folder.
    enum Operation: CaseIterable {
        case read, readLines, append, replace, rename, renameTo, remove, sync, open, make, list
        case sweep
    }

    private func carryOut(_ operation: Operation) throws {
        switch operation {
        case .read: _ = try folder.read("file")
        case .readLines:
            var lines = try LineReader(folder, "file")
            _ = try lines.next()
        case .append:
            let file = try folder.openForAppending("file")
            defer { close(file) }
            #expect(ftruncate(file, 0) == 0)
            try Files.writeAll([7], to: file, path: "file")
        case .replace: try folder.writeAtomically([7], to: "file")
        case .rename: try folder.rename("file", to: "file.aside")
        case .renameTo:
            try folder.writeAtomically([7], to: "other")
            try folder.rename("other", to: "file")
        case .remove: folder.remove("file")
        case .sync: try folder.sync("file")
        case .open: _ = try folder.folder("file")
        case .make: try folder.makeFolder("file").writeAtomically([7], to: "victim")
        case .list: _ = try folder.names()
        case .sweep: try folder.removeUnfinished()
        }
    }

    @Test(
        "changes nothing outside, whatever it contains and whatever is done with that",
        arguments: Trap.allCases, Operation.allCases)
    func traps(trap: Trap, operation: Operation) throws {
        guard trap.set(at: folder.path(of: "file"), victim: victim) else {
            return passOver(without: .root)
        }
        let before = try state()
        var error: FileError?
        do { try carryOut(operation) } catch let thrown as FileError { error = thrown }
        #expect(try state() == before)
        #expect(error.map { $0.path == folder.path(of: "file") } ?? true)
        #expect(error.map { !$0.description.contains("\n") } ?? true)
        // A replacement takes the place of anything but a folder.
        if operation == .replace, trap != .folder {
            #expect(error == nil && isRegular("file"))
            #expect(try folder.read("file") == [7])
        }
    }

    @Test("appends only to its own files, and otherwise says what is there")
    func refusals() throws {
        let path = folder.path(of: "file")
        func refusal(_ trap: Trap) -> String? {
            guard trap.set(at: path, victim: victim) else { return nil }
            defer { trap == .folder ? _ = rmdir(path) : folder.remove("file") }
            let error = #expect(throws: FileError.self, "\(trap)") {
                _ = try folder.openForAppending("file")
            }
            return error?.description
        }
        for trap in [Trap.link, .danglingLink, .folderLink] {
            #expect(
                refusal(trap)
                    == "\(path) is a symbolic link: a run's files must lie in its own folder: put "
                    + "what it leads to in its place, or remove it")
        }
        #expect(
            refusal(.hardLink)
                == "\(path) has 2 hard links: writing it would change it under its other names too: "
                + "put a copy in its place")
        #expect(
            refusal(.pipe)
                == "cannot write \(path): It is not a regular file: give a regular file")
        #expect(refusal(.folder)?.hasPrefix("cannot write \(path): Is a directory") == true)
    }

    @Test(
        "accepts files of this user or the folder's owner, and no other",
        .needs(.root))
    func owners() throws {
        try folder.writeAtomically([1], to: "file")
        #expect(chown(folder.path(of: "file"), 4321, 4321) == 0)
        let error = #expect(throws: FileError.self) { _ = try folder.openForAppending("file") }
        #expect(
            error?.description
                == "\(folder.path)/file belongs to user 4321: it must be yours, or of the one who "
                + "owns its folder: put a copy in its place")
        #expect(try folder.read("file") == [1])
        #expect(chown(folder.path, 4321, 4321) == 0)
        close(try folder.openForAppending("file"))
        try folder.writeAtomically([2], to: "own")
        close(try folder.openForAppending("own"))
    }

    @Test("follows no link, even one that replaces a file at the wrong moment")
    func race() async throws {
        let before = try state()
        let (path, victim) = (folder.path(of: "file"), victim)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for _ in 0..<500 {
                    symlink(victim, "\(path).link")
                    rename("\(path).link", path)
                    unlink(path)
                    close(open(path, O_CREAT | O_WRONLY, 0o666))
                }
            }
            group.addTask { [folder] in
                for _ in 0..<1_000 {
                    guard let file = try? folder.openForAppending("file") else { continue }
                    ftruncate(file, 0)
                    close(file)
                }
            }
        }
        #expect(try state() == before)
    }

    @Test("stays the same folder after its path is taken")
    func moved() throws {
        try folder.writeAtomically([1], to: "file")
        #expect(rename(folder.path, temporary["moved"]) == 0)
        #expect(symlink(outside, folder.path) == 0)
        let before = try state()
        try folder.writeAtomically([2], to: "file")
        try folder.makeFolder("checkpoints").writeAtomically([3], to: "victim")
        close(try folder.openForAppending("log"))
        folder.remove("victim")
        #expect(try state() == before)
        #expect(try Files.names(in: temporary["moved"]) == ["checkpoints", "file", "log"])
        #expect(try Files.read(temporary["moved/file"]) == [2])
    }

    @Test("may be opened through a link")
    func named() throws {
        #expect(symlink(folder.path, temporary["latest"]) == 0)
        let latest = try Folder(temporary["latest"])
        try latest.writeAtomically([5], to: "file")
        #expect(try folder.read("file") == [5])
    }

    @Test("appends to a file, and creates a missing one")
    func append() throws {
        for byte in UInt8(1)...3 {
            let file = try folder.openForAppending("log")
            defer { close(file) }
            try Files.writeAll([byte, 10], to: file, path: "log")
        }
        #expect(try folder.read("log") == [1, 10, 2, 10, 3, 10])
    }

    @Test("removes and renames by name, and ignores a missing name in a removal")
    func remove() throws {
        try folder.writeAtomically([1], to: "file")
        try folder.rename("file", to: "other")
        #expect(try folder.names() == ["other"])
        #expect(folder.holds("other") && !folder.holds("file"))
        folder.remove("other")
        folder.remove("other")
        #expect(!folder.holds("other"))
    }

    @Test("removes half-written files, and nothing else")
    func sweep() throws {
        for name in ["a", "a.1.tmp", "a.b.tmp", "b.77.tmp", "c.tmp"] {
            try folder.writeAtomically([1], to: name)
        }
        try folder.removeUnfinished()
        #expect(try folder.names() == ["a", "a.b.tmp", "c.tmp"])
    }
}
