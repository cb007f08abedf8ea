import Glibc

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
        try move(temporary, to: path, operation: "replace")
    }

    /// Gives a file another name in its folder, in the place of any file of that name.
    public static func rename(_ path: String, to other: String) throws(FileError) {
        try move(path, to: other, operation: "rename")
    }

    private static func move(
        _ path: String, to other: String, operation: String
    ) throws(FileError) {
        guard Glibc.rename(path, other) == 0 else {
            let code = errno
            if operation == "replace" { unlink(path) }
            throw FileError(operation: operation, path: other, code: code)
        }
        try syncFolder(of: other)
    }

    /// Makes a file that only this user can read, whole from the beginning on, unless there is one.
    public static func makePrivately(_ bytes: [UInt8], at path: String) throws(FileError) {
        let temporary = try writeTemporary(bytes, for: path, mode: 0o600)
        defer {
            unlink(temporary)
            unfinished.end(temporary)
        }
        // Where a rename would take the place of another's file, a link fails.
        if link(temporary, path) == 0 || errno == EEXIST { return try syncFolder(of: path) }
        // Here are no hard links. Then others may see the file before it is finished.
        do throws(FileError) {
            try writeNew(bytes, to: path, mode: 0o600)
        } catch  where error.code == EEXIST {
            return
        }
        try syncFolder(of: path)
    }

    /// Writes and syncs a file beside the one at `path`, and gives its path.
    private static func writeTemporary(
        _ bytes: [UInt8], for path: String, mode: mode_t
    ) throws(FileError) -> String {
        // Not by the process's number: in containers that share a folder each may be number 1.
        let temporary = "\(path).\(UInt32.random(in: 1...UInt32.max)).tmp"
        unfinished.begin(temporary)
        do throws(FileError) {
            try writeNew(bytes, to: temporary, mode: mode)
        } catch {
            unfinished.end(temporary)
            throw FileError(operation: error.operation, path: path, code: error.code)
        }
        return temporary
    }

    /// Writes and syncs a file that is not there yet, whole or not at all.
    private static func writeNew(
        _ bytes: [UInt8], to path: String, mode: mode_t
    ) throws(FileError) {
        let file = try open(path, O_WRONLY | O_CREAT | O_EXCL, mode, to: "write")
        do throws(FileError) {
            defer { close(file) }
            try writeAll(bytes, to: file, path: path)
            try sync(file, path)
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Reads a whole regular file.
    public static func read(_ path: String) throws(FileError) -> [UInt8] {
        let (file, size) = try openForReading(path)
        defer { close(file) }
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

    /// Opens a regular file to read it, and tells how many bytes it has; the caller closes it.
    static func openForReading(_ path: String) throws(FileError) -> (file: Int32, size: Int) {
        // Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
        let file = try open(path, O_RDONLY | O_NONBLOCK, to: "read")
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
        let isNew = !exists(path)
        let file = try open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644, to: "write")
        do throws(FileError) {
            if isNew { try syncFolder(of: path) }
        } catch {
            close(file)
            throw error
        }
        return file
    }

    private static func open(
        _ path: String, _ flags: Int32, _ mode: mode_t = 0, to operation: String
    ) throws(FileError) -> Int32 {
        while true {
            let file = Glibc.open(path, flags | O_CLOEXEC, mode)
            if file >= 0 { return file }
            // Opening a file on a network drive may be broken off by a signal.
            if errno != EINTR { throw FileError(operation: operation, path: path, code: errno) }
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

    /// Whether there is anything at a path.
    ///
    /// What may not be looked at counts as there, so that opening it tells why.
    public static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR)
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
            guard count > 0 else {
                throw FileError(operation: "write", path: path, code: count < 0 ? errno : EIO)
            }
            written += count
        }
    }

    /// Makes a file and what was written to it last through a power cut; does nothing if it is not
    /// there.
    public static func sync(_ path: String) throws(FileError) {
        let file: Int32
        do throws(FileError) {
            file = try open(path, O_RDONLY | O_NONBLOCK, to: "sync")
        } catch  where error.code == ENOENT {
            return
        }
        defer { close(file) }
        try sync(file, path)
    }

    /// Makes what folders say of a file last through a power cut.
    static func syncFolder(of path: String) throws(FileError) {
        let folder = folder(of: path)
        let file: Int32
        do throws(FileError) {
            file = try open(folder, O_RDONLY | O_DIRECTORY, to: "sync")
        } catch  where error.code == EACCES {
            // In a folder that may be written but not read there is no way to do so.
            return
        }
        defer { close(file) }
        try sync(file, folder)
    }

    private static func sync(_ file: Int32, _ path: String) throws(FileError) {
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
