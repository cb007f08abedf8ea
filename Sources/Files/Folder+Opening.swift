import Glibc

// Opening the files of a folder.

extension Folder {
    /// Reads a whole regular file.
    public func read(_ name: String) throws(FileError) -> [UInt8] {
        let (file, size) = try openForReading(name)
        defer { close(file) }
        return try Files.readAll(size, of: file, path: path(of: name))
    }

    /// Opens a regular file for reading and returns its size in bytes; the caller closes it.
    ///
    /// - Parameter followingLinks: whether a person has named this very file; that path may be a link.
    package func openForReading(
        _ name: String, followingLinks: Bool = false
    ) throws(FileError) -> (file: Int32, size: Int) {
        let found = try open(name, O_RDONLY, to: "read", followingLinks: followingLinks)
        guard let (file, status) = found else {
            throw FileError(operation: "read", path: path(of: name), code: ENOENT)
        }
        return (file, Int(status.st_size))
    }

    /// Opens a file for appending and creates it if needed; the caller closes it.
    ///
    /// - Throws: ``FileError`` if it is a link, not a regular file, has a second name, or another owner.
    public func openForAppending(_ name: String) throws(FileError) -> Int32 {
        let flags = O_WRONLY | O_APPEND
        if let file = try openOwn(name, flags) { return file }
        do throws(FileError) {
            let file = try Self.open(
                name, in: descriptor, flags | O_CREAT | O_EXCL, 0o666, to: "write",
                path: path(of: name))
            do throws(FileError) {
                try sync()
                return file
            } catch {
                close(file)
                throw error
            }
        } catch  where error.code == EEXIST {
            // Another process has created it meanwhile.
            guard let file = try openOwn(name, flags) else { throw error }
            return file
        }
    }

    /// Opens a file for appending after its first `size` bytes and cuts off the rest.
    ///
    /// - Throws: ``FileError`` as ``openForAppending(_:)`` does, or if the file cannot be cut.
    public func openForAppending(_ name: String, keeping size: Int) throws(FileError) -> Int32 {
        let file = try openForAppending(name)
        guard ftruncate(file, off_t(size)) == 0 else {
            let code = errno
            close(file)
            throw FileError(operation: "write", path: path(of: name), code: code)
        }
        return file
    }

    /// Opens a file that has no other name and no other owner; nil if it does not exist.
    private func openOwn(_ name: String, _ flags: Int32) throws(FileError) -> Int32? {
        guard let (file, status) = try open(name, flags, to: "write") else { return nil }
        var refusal: FileRefusal?
        if status.st_nlink > 1 {
            refusal = .hardLinks(Int(status.st_nlink))
        } else if status.st_uid != geteuid(), status.st_uid != owner {
            refusal = .otherOwner(status.st_uid)
        }
        guard let refusal else { return file }
        close(file)
        throw FileError(operation: "write", path: path(of: name), refusing: refusal)
    }

    /// The user who owns the folder; nil if that is unknown.
    private var owner: uid_t? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status.st_uid : nil
    }

    /// Opens a regular file and returns its status; nil if it does not exist.
    private func open(
        _ name: String, _ flags: Int32, to operation: String, followingLinks: Bool = false
    ) throws(FileError) -> (file: Int32, status: stat)? {
        let path = path(of: name)
        // Checks before opening, because opening a device may already use it; checks the open file again,
        // because it can no longer be replaced.
        let found = try status(of: name, to: operation, followingLinks: followingLinks)
        guard let found else { return nil }
        try found.check(path, to: operation)
        // Without O_NONBLOCK, opening a named pipe would wait forever for its other end.
        let flags = flags | O_NONBLOCK | (followingLinks ? 0 : O_NOFOLLOW)
        let file: Int32
        do throws(FileError) {
            file = try Self.open(name, in: descriptor, flags, to: operation, path: path)
        } catch {
            switch error.code {
            case ENOENT: return nil
            case ELOOP where !followingLinks:
                throw FileError(operation: operation, path: path, refusing: .symbolicLink)
            default: throw error
            }
        }
        do throws(FileError) {
            var status = stat()
            guard fstat(file, &status) == 0 else {
                throw FileError(operation: operation, path: path, code: errno)
            }
            try status.check(path, to: operation)
            return (file, status)
        } catch {
            close(file)
            throw error
        }
    }

    /// Syncs a file, so that its content survives a power cut; does nothing if it does not exist.
    public func sync(_ name: String) throws(FileError) {
        guard let (file, _) = try open(name, O_RDONLY, to: "sync") else { return }
        defer { close(file) }
        try Files.sync(file, path(of: name))
    }
}

extension stat {
    var isLink: Bool { st_mode & S_IFMT == S_IFLNK }

    /// Rejects everything but a regular file.
    fileprivate func check(_ path: String, to operation: String) throws(FileError) {
        switch st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFLNK: throw FileError(operation: operation, path: path, refusing: .symbolicLink)
        case S_IFDIR: throw FileError(operation: operation, path: path, code: EISDIR)
        default: throw FileError(operation: operation, path: path, code: ESPIPE)
        }
    }
}
