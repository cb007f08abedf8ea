import Glibc

/// Files that a person has named, written and read so that nothing is lost: temporary name, sync, rename,
/// sync the folder.
///
/// A run's own files are reached through their ``Folder``.
public enum Files {
    /// Removes the files that are half written, and ends the process before another can be begun.
    public static func abandonUnfinished(then end: () -> Never) -> Never {
        UnfinishedFiles.shared.abandon(then: end)
    }

    /// Replaces the file at `path`, or leaves it as it is if any part of that fails.
    public static func writeAtomically(_ bytes: [UInt8], to path: String) throws(FileError) {
        try inFolder(of: path, to: "write") { folder, name throws(FileError) in
            guard name != "." else { throw FileError(operation: "write", path: path, code: EISDIR) }
            try folder.writeAtomically(bytes, to: name)
        }
    }

    /// Reads a whole regular file.
    public static func read(_ path: String) throws(FileError) -> [UInt8] {
        try inFolder(of: path, to: "read") { folder, name throws(FileError) in
            let (file, size) = try folder.openForReading(name, followingLinks: true)
            defer { close(file) }
            return try readAll(size, of: file, path: path)
        }
    }

    /// Does something in the folder that a path leads to; errors are about the path as it was given.
    static func inFolder<Value>(
        of path: String, to operation: String,
        _ work: (_ folder: Folder, _ name: String) throws(FileError) -> Value
    ) throws(FileError) -> Value {
        let folder: Folder
        do throws(FileError) {
            folder = try Folder(Self.folder(of: path))
        } catch {
            throw FileError(operation: operation, path: path, code: error.code)
        }
        let last = name(of: path)
        let name = last.isEmpty ? "." : last
        do throws(FileError) {
            return try work(folder, name)
        } catch {
            throw error.path == folder.path(of: name) ? error.at(path) : error
        }
    }

    /// A path that still holds in another folder, where a run is resumed or a program is run.
    public static func absolutePath(_ path: String) throws(FileError) -> String {
        guard !path.hasPrefix("/") else { return path }
        guard let folder = getcwd(nil, 0) else {
            throw FileError(operation: "find", path: "the current folder", code: errno)
        }
        defer { free(folder) }
        guard let name = String(validatingCString: folder) else {
            throw FileError(
                operation: "use", path: "the current folder, whose name is not valid UTF-8",
                code: EILSEQ)
        }
        return "\(name)/\(path)"
    }

    /// Whether there is anything at a path, be it a link that leads nowhere.
    ///
    /// What may not be looked at counts as there, so that opening it tells why.
    public static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR)
    }

    // MARK: - Open files

    /// Reads so many bytes from an open file.
    package static func readAll(
        _ size: Int, of file: Int32, path: String
    ) throws(FileError) -> [UInt8] {
        // A sparse file may claim any size.
        let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        guard size <= memory / 4 else {
            throw FileError(operation: "read", path: path, code: EFBIG)
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
            guard count > 0 else {
                throw FileError(operation: "write", path: path, code: count < 0 ? errno : EIO)
            }
            written += count
        }
    }

    /// Makes what was written to an open file or folder last through a power cut.
    static func sync(_ file: Int32, _ path: String) throws(FileError) {
        while fsync(file) != 0 {
            switch errno {
            case EINTR: continue
            // What the file system has no way to do is no failure of its.
            case EINVAL, ENOTSUP, ENOSYS: return
            default: throw FileError(operation: "sync", path: path, code: errno)
            }
        }
    }
}
