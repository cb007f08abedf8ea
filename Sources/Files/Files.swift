import Glibc

/// Reads and writes files that a person has named, so that a crash loses nothing.
///
/// A write goes to a temporary name, syncs, renames, and syncs the folder.
///
/// A run's own files are reached through their ``Folder``.
public enum Files {
    /// Removes the half-written files and ends the process before it can begin another.
    public static func abandonUnfinished(then end: () -> Never) -> Never {
        UnfinishedFiles.shared.abandon(then: end)
    }

    /// Replaces the file at `path`; on any failure the old file stays as it is.
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

    /// Runs `work` in the folder that holds `path`; errors name the path as it was given.
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

    /// The absolute path, which still holds when a run is resumed or a program is run in another folder.
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

    /// Whether anything is at a path, even a link that leads nowhere.
    ///
    /// A path that may not be examined counts as existing, so that opening it reports why.
    public static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR)
    }

    // MARK: - Open files

    /// Reads `size` bytes from an open file.
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
    ) throws(FileError) { try writeAll(bytes.span.bytes, to: file, path: path) }

    /// Writes all bytes to an open file.
    static func writeAll(_ bytes: RawSpan, to file: Int32, path: String) throws(FileError) {
        var written = 0
        while written < bytes.byteCount {
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

    /// Syncs an open file or folder, so that its content survives a power cut.
    static func sync(_ file: Int32, _ path: String) throws(FileError) {
        while fsync(file) != 0 {
            switch errno {
            case EINTR: continue
            // The file system cannot sync this; that is not an error.
            case EINVAL, ENOTSUP, ENOSYS: return
            default: throw FileError(operation: "sync", path: path, code: errno)
            }
        }
    }
}
