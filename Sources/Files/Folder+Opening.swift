import Glibc

// How the files of a folder are opened.

extension Folder {
    /// Reads a whole regular file.
    public func read(_ name: String) throws(FileError) -> [UInt8] {
        let (file, size) = try openForReading(name)
        defer { close(file) }
        return try Files.readAll(size, of: file, path: path(of: name))
    }

    /// Opens a regular file to read it, and tells how many bytes it has; the caller closes it.
    ///
    /// - Parameter followingLinks: whether a person has named this very file, who may do so by a link.
    package func openForReading(
        _ name: String, followingLinks: Bool = false
    ) throws(FileError) -> (file: Int32, size: Int) {
        let found = try open(name, O_RDONLY, to: "read", followingLinks: followingLinks)
        guard let (file, status) = found else {
            throw FileError(operation: "read", path: path(of: name), code: ENOENT)
        }
        return (file, Int(status.st_size))
    }

    /// Opens a file to add to its end, making it if it is not there; the caller closes it.
    ///
    /// - Throws: ``FileError`` if it is a link or no regular file, or has another name or owner.
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
            // Another process has made it since.
            guard let file = try openOwn(name, flags) else { throw error }
            return file
        }
    }

    /// Opens a file to add to it behind its first `size` bytes; what stands behind them is cut off.
    ///
    /// - Throws: ``FileError`` as where a file is opened for appending, or if it cannot be cut.
    public func openForAppending(_ name: String, keeping size: Int) throws(FileError) -> Int32 {
        let file = try openForAppending(name)
        guard ftruncate(file, off_t(size)) == 0 else {
            let code = errno
            close(file)
            throw FileError(operation: "write", path: path(of: name), code: code)
        }
        return file
    }

    /// Opens a file that only this folder has; nil if there is none of that name.
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

    /// The user whom the folder belongs to; nil where that cannot be known.
    private var owner: uid_t? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status.st_uid : nil
    }

    /// Opens a regular file, and tells what it is; nil if there is nothing of that name.
    private func open(
        _ name: String, _ flags: Int32, to operation: String, followingLinks: Bool = false
    ) throws(FileError) -> (file: Int32, status: stat)? {
        let path = path(of: name)
        // Looked at before, since to open a device may be to use it; and again when it is open, when
        // nothing can be put in its place any more.
        let found = try status(of: name, to: operation, followingLinks: followingLinks)
        guard let found else { return nil }
        try found.check(path, to: operation)
        // Without O_NONBLOCK, opening a named pipe would wait for its other end for ever.
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

    /// Makes a file and what was written to it last through a power cut; does nothing if it is not
    /// there.
    public func sync(_ name: String) throws(FileError) {
        guard let (file, _) = try open(name, O_RDONLY, to: "sync") else { return }
        defer { close(file) }
        try Files.sync(file, path(of: name))
    }
}

extension stat {
    var isLink: Bool { st_mode & S_IFMT == S_IFLNK }

    /// Refuses all but a regular file.
    fileprivate func check(_ path: String, to operation: String) throws(FileError) {
        switch st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFLNK: throw FileError(operation: operation, path: path, refusing: .symbolicLink)
        case S_IFDIR: throw FileError(operation: operation, path: path, code: EISDIR)
        default: throw FileError(operation: operation, path: path, code: ESPIPE)
        }
    }
}
