import Files
import Glibc
import TestSupport
import Testing

@Suite("Files")
struct FilesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("are written, replaced and read back", arguments: [0, 1, 4_096, 300_000])
    func replace(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        try Files.writeAtomically([9, 9, 9], to: folder["file"])
        try Files.writeAtomically(bytes, to: folder["file"])
        #expect(try Files.read(folder["file"]) == bytes)
        #expect(try folder.names == ["file"])
    }

    @Test("with a bare name are written to the current folder")
    func relativePath() throws {
        let name = "tern-files-test-\(getpid())"
        defer { unlink(name) }
        try Files.writeAtomically([1], to: name)
        #expect(try Files.read(name) == [1])
    }

    @Test("in a missing folder give an error that says so")
    func missingFolder() throws {
        let path = folder["none/file"]
        let error = FileError(operation: "write", path: path, code: ENOENT)
        #expect(throws: error) { try Files.writeAtomically([1], to: path) }
        #expect(try folder.names.isEmpty)
    }

    @Test("are left alone if they cannot be replaced")
    func notReplaceable() throws {
        try Files.makeFolder(folder["taken/inside"])
        let error = FileError(operation: "replace", path: folder["taken"], code: EISDIR)
        #expect(throws: error) { try Files.writeAtomically([1], to: folder["taken"]) }
        #expect(try folder.names == ["taken"])
        #expect(try Files.names(in: folder["taken"]) == ["inside"])
    }

    @Test("in a read-only folder keep their content")
    func readOnlyFolder() async {
        await #expect(processExitsWith: .success) {
            // The superuser may write anywhere.
            if geteuid() == 0 { try #require(setuid(65534) == 0) }
            let folder = try TemporaryFolder()
            try Files.writeAtomically([1], to: folder["file"])
            chmod(folder.path, 0o555)
            defer { chmod(folder.path, 0o755) }
            let error = FileError(operation: "write", path: folder["file"], code: EACCES)
            #expect(throws: error) { try Files.writeAtomically([2], to: folder["file"]) }
            #expect(try Files.read(folder["file"]) == [1])
            #expect(try folder.names == ["file"])
        }
    }

    @Test("are read only if they are regular")
    func notRegular() throws {
        let missing = FileError(operation: "read", path: folder["none"], code: ENOENT)
        #expect(throws: missing) { try Files.read(folder["none"]) }
        let isFolder = FileError(operation: "read", path: folder.path, code: EISDIR)
        #expect(throws: isFolder) { try Files.read(folder.path) }
        #expect(throws: FileError.self) { try Files.read("/dev/zero") }
    }

    @Test("that are pipes or larger than memory are rejected without blocking")
    func unreadable() throws {
        let folder = try TemporaryFolder()
        #expect(mkfifo(folder["pipe"], 0o600) == 0)
        let pipe = FileError(operation: "read", path: folder["pipe"], code: ESPIPE)
        #expect(throws: pipe) { try Files.read(folder["pipe"]) }
        try Files.writeAtomically([], to: folder["sparse"])
        #expect(truncate(folder["sparse"], 1 << 42) == 0)
        let large = FileError(operation: "read", path: folder["sparse"], code: EFBIG)
        #expect(throws: large) { try Files.read(folder["sparse"]) }
    }

    @Test("go into folders that are created with their parents, or exist already")
    func makeFolder() throws {
        try Files.makeFolder(folder["a/b//c/"])
        try Files.makeFolder(folder["a/b/c"])
        try Files.makeFolder("/")
        #expect(try Files.names(in: folder["a/b"]) == ["c"])
    }

    @Test("in the place of a folder are an error", arguments: ["file", "file/inside"])
    func fileInTheWay(name: String) throws {
        try Files.writeAtomically([1], to: folder["file"])
        let error = FileError(operation: "make the folder", path: folder[name], code: ENOTDIR)
        #expect(throws: error) { try Files.makeFolder(folder[name]) }
        #expect(try Files.read(folder["file"]) == [1])
    }

    @Test("have sorted names; a missing folder has none")
    func names() throws {
        for name in ["b", "c", "a"] { try Files.writeAtomically([], to: folder[name]) }
        #expect(try Files.names(in: folder.path) == ["a", "b", "c"])
        #expect(try Files.names(in: folder["none"]).isEmpty)
    }

    @Test("in a private folder are closed to others, whatever the umask")
    func privateModes() throws {
        // Files of concurrent tests may be more open than usual meanwhile.
        let mask = umask(0)
        defer { umask(mask) }
        try Files.makeFolder(folder["a/b"], isPrivate: true)
        for name in ["a", "a/b"] {
            var status = stat()
            #expect(lstat(folder[name], &status) == 0)
            #expect(status.st_mode & 0o7777 == 0o700, "\(name)")
        }
    }

    @Test("can be locked by only one of two openers")
    func lock() throws {
        let opened = try Folder(folder.path)
        let files = try (0..<2).map { _ in try opened.openForAppending("log") }
        #expect(Files.lock(files[0]) == .locked)
        #expect(Files.lock(files[1]) == .taken)
        close(files[0])
        #expect(Files.lock(files[1]) == .locked)
        close(files[1])
    }

    @Test(
        "report failures with advice that applies, and name only existing options",
        arguments: [
            EACCES, EBUSY, EDQUOT, EFBIG, EIO, EISDIR, ELOOP, EMFILE, ENAMETOOLONG, ENOENT, ENOLCK,
            ENOMEM, ENOSPC, ENOTDIR, EPERM, EROFS, ESPIPE, ESTALE,
        ])
    func advice(code: Int32) {
        for operation in ["read", "write", "make the folder", "sync", "replace"] {
            let error = FileError(operation: operation, path: "/a/b", code: code)
            #expect(error.description.hasPrefix("cannot \(operation) /a/b: "))
            #expect(!error.description.contains("--") && !error.description.contains("\n"))
            let isElsewhere = [ENOSPC, EDQUOT, EROFS, ENAMETOOLONG].contains(code)
            if isElsewhere {
                #expect(error.naming("--run-dir").description.contains("with --run-dir"))
            }
        }
    }

    @Test("on a full disk report an error with a remedy")
    func fullDisk() throws {
        let file = open("/dev/full", O_WRONLY)
        defer { close(file) }
        let expected = FileError(operation: "write", path: "/dev/full", code: ENOSPC)
        #expect(throws: expected) { try Files.writeAll([1], to: file, path: "/dev/full") }
        #expect(expected.description.contains("free space"))
        #expect(!expected.description.contains("\n"))
    }
}
