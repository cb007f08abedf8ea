import FoundationEssentials
import Glibc

/// A file operation that failed.
public struct FileError: Error, CustomStringConvertible, Equatable {
    /// What was tried, such as `write`.
    public let operation: String
    /// The file or folder.
    public let path: String
    /// The system's error number.
    public let code: Int32

    /// Makes the error of a call that left `code` in `errno`.
    public init(operation: String, path: String, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// One line that says what failed and what to do.
    public var description: String {
        "cannot \(operation) \(path): \(String(cString: strerror(code)))\(remedy)"
    }

    private var remedy: String {
        switch code {
        case ENOSPC, EDQUOT: ": free space on that disk, or choose another with --run-dir"
        case EROFS: ": choose a folder on a disk that can be written, with --run-dir"
        case EACCES, EPERM: ": choose a folder that you may write, or change its permissions"
        case EFBIG: ": raise the limit on file sizes (ulimit -f)"
        case ENOENT: ": check the path"
        case ENOMEM: ": a file of more than a quarter of this machine's memory is no such file"
        case ESPIPE: ": give a regular file"
        default: ""
        }
    }
}

/// Files written and read so that nothing is lost: temporary name, sync, rename, sync the folder.
public enum Files {
    private static let unfinished = UnfinishedFiles()

    /// Removes the files that are half written, and ends the process before another can be begun.
    public static func abandonUnfinished(then end: () -> Never) -> Never {
        unfinished.abandon(then: end)
    }

    /// Replaces the file at `path`, or leaves it as it is if any part of that fails.
    public static func writeAtomically(_ bytes: [UInt8], to path: String) throws(FileError) {
        let temporary = try writeTemporary(bytes, for: path, mode: 0o644)
        defer { unfinished.end(temporary) }
        guard rename(temporary, path) == 0 else {
            let code = errno
            unlink(temporary)
            throw FileError(operation: "replace", path: path, code: code)
        }
        syncFolder(of: path)
    }

    /// Makes a file that only this user can read, whole from the beginning on, unless there is one.
    public static func makePrivately(_ bytes: [UInt8], at path: String) throws(FileError) {
        let temporary = try writeTemporary(bytes, for: path, mode: 0o600)
        defer {
            unlink(temporary)
            unfinished.end(temporary)
        }
        // Where a rename would take the place of another's file, a link fails.
        guard link(temporary, path) == 0 || errno == EEXIST else {
            throw FileError(operation: "make", path: path, code: errno)
        }
        syncFolder(of: path)
    }

    /// Writes and syncs a file beside the one at `path`, and gives its path.
    private static func writeTemporary(
        _ bytes: [UInt8], for path: String, mode: mode_t
    ) throws(FileError) -> String {
        let temporary = "\(path).\(getpid()).tmp"
        unfinished.begin(temporary)
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard file >= 0 else { throw FileError(operation: "write", path: path, code: errno) }
        do throws(FileError) {
            defer { close(file) }
            try writeAll(bytes, to: file, path: path)
            guard fsync(file) == 0 else {
                throw FileError(operation: "write", path: path, code: errno)
            }
        } catch {
            unlink(temporary)
            throw error
        }
        return temporary
    }

    /// Reads a whole regular file.
    public static func read(_ path: String) throws(FileError) -> [UInt8] {
        let (file, size) = try openForReading(path)
        defer { close(file) }
        // A sparse file may claim any size.
        let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        guard size <= memory / 4 else {
            throw FileError(operation: "read", path: path, code: ENOMEM)
        }
        var bytes = [UInt8](repeating: 0, count: size)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(file, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                throw FileError(operation: "read", path: path, code: count < 0 ? errno : EIO)
            }
            filled += count
        }
        return bytes
    }

    /// Opens a regular file to read it, and tells how many bytes it has; the caller closes it.
    static func openForReading(_ path: String) throws(FileError) -> (file: Int32, size: Int) {
        // Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw FileError(operation: "read", path: path, code: errno) }
        var status = stat()
        let isThere = fstat(file, &status) == 0
        let kind = status.st_mode & S_IFMT
        guard isThere, kind == S_IFREG else {
            let code = !isThere ? errno : kind == S_IFDIR ? EISDIR : ESPIPE
            close(file)
            throw FileError(operation: "read", path: path, code: code)
        }
        return (file, Int(status.st_size))
    }

    /// Opens a file to add to its end, making it if it is not there; the caller closes it.
    public static func openForAppending(_ path: String) throws(FileError) -> Int32 {
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw FileError(operation: "write", path: path, code: errno) }
        return file
    }

    /// Makes a folder and those above it; one that is there already is fine.
    public static func makeFolder(_ path: String) throws(FileError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += part + "/"
            if mkdir(made, 0o755) != 0 && errno != EEXIST {
                throw FileError(operation: "make the folder", path: path, code: errno)
            }
        }
        guard isFolder(path) else {
            throw FileError(operation: "make the folder", path: path, code: ENOTDIR)
        }
    }

    /// Makes a folder in one that is there; false if there is something at that path already.
    public static func makeNewFolder(_ path: String) throws(FileError) -> Bool {
        if mkdir(path, 0o755) == 0 { return true }
        guard errno == EEXIST else {
            throw FileError(operation: "make the folder", path: path, code: errno)
        }
        return false
    }

    /// Where temporary folders are made.
    public static let temporaryFolder = "/tmp"

    /// Makes a folder of a new name below /tmp that only this user may enter, and gives its path.
    ///
    /// - Parameter prefix: what the name begins with.
    public static func makeTemporaryFolder(_ prefix: String) throws(FileError) -> String {
        var template = Array("\(temporaryFolder)/\(prefix)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw FileError(
                operation: "make a folder in", path: temporaryFolder, code: errno)
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The names in a folder, sorted; none if it is not there.
    public static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    /// Removes what ``writeAtomically(_:to:)`` left in a folder where its process was killed.
    public static func removeUnfinished(in folder: String) {
        for name in names(in: folder) where isUnfinished(name) { remove("\(folder)/\(name)") }
    }

    private static func isUnfinished(_ name: String) -> Bool {
        let parts = name.split(separator: ".")
        return parts.count > 2 && parts.last == "tmp" && Int(parts[parts.count - 2]) != nil
    }

    /// A path that still holds in another folder, where a run is resumed or a program is run.
    public static func absolutePath(_ path: String) throws(FileError) -> String {
        guard !path.hasPrefix("/") else { return path }
        guard let folder = getcwd(nil, 0) else {
            throw FileError(operation: "find", path: "the current folder", code: errno)
        }
        defer { free(folder) }
        return "\(String(cString: folder))/\(path)"
    }

    /// The folder that a path lies in.
    public static func folder(of path: String) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return parts.isEmpty ? "." : parts == [""] ? "/" : parts.joined(separator: "/")
    }

    /// Whether there is anything at a path.
    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whether a path is that of a folder.
    public static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether everybody can read a file, or users other than its owner can change it.
    public static func isOpenToOthers(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & (S_IRWXO | S_IWGRP) != 0
    }

    /// Removes a file if it is there.
    public static func remove(_ path: String) { unlink(path) }

    /// Writes all bytes to an open file.
    public static func writeAll(
        _ bytes: [UInt8], to file: Int32, path: String
    ) throws(FileError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                write(file, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw FileError(operation: "write", path: path, code: errno) }
            written += count
        }
    }

    /// Makes what was written to a file last through a power cut; does nothing if it is not there.
    public static func sync(_ path: String) throws(FileError) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT { return }
            throw FileError(operation: "write", path: path, code: errno)
        }
        defer { close(file) }
        guard fsync(file) == 0 else {
            throw FileError(operation: "write", path: path, code: errno)
        }
    }

    /// Makes a rename last through a power cut; a folder that cannot be synced loses nothing else.
    private static func syncFolder(of path: String) {
        let file = open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { return }
        fsync(file)
        close(file)
    }
}
