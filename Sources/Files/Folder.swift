import Glibc

/// An open folder; its files are reached through the descriptor, not by their paths.
///
/// Somebody else may have put files there. Symbolic links in it are never followed, and a file to append to must
/// have no other name. So nothing outside the folder is ever read, written, renamed or removed, even if a file is
/// replaced at the wrong moment.
public final class Folder: Sendable {
    /// The path that the folder was opened by.
    public let path: String
    package let descriptor: Int32

    /// O_PATH, which Swift's import of the system's headers lacks.
    private static let pathOnly: Int32 = 0o10000000

    /// Opens a folder that a person has named; that path may be a symbolic link.
    public init(_ path: String) throws(FileError) {
        descriptor = try Self.openFolder(path, in: AT_FDCWD, 0, path: path)
        self.path = path
    }

    private init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// The path of an entry, for messages.
    public func path(of name: String) -> String { name == "." ? path : "\(path)/\(name)" }

    // MARK: - Folders and names

    /// Opens a folder inside this one; nil if the name does not exist.
    public func folder(_ name: String) throws(FileError) -> Folder? {
        let path = path(of: name)
        do throws(FileError) {
            let folder = try Self.openFolder(name, in: descriptor, O_NOFOLLOW, path: path)
            return Folder(descriptor: folder, path: path)
        } catch {
            if error.code == ENOENT { return nil }
            guard let status = try status(of: name, to: "read"), status.isLink else { throw error }
            throw FileError(operation: "read", path: path, refusing: .symbolicLink)
        }
    }

    /// Opens a folder inside this one and makes it if needed.
    public func makeFolder(_ name: String) throws(FileError) -> Folder {
        if let folder = try folder(name) { return folder }
        if mkdirat(descriptor, name, 0o777) == 0 {
            try sync()
        } else if errno != EEXIST {
            throw FileError(operation: "make the folder", path: path(of: name), code: errno)
        }
        guard let folder = try folder(name) else {
            throw FileError(operation: "make the folder", path: path(of: name), code: ENOENT)
        }
        return folder
    }

    /// Opens a folder for reading or, if that is not allowed, only to reach its entries.
    private static func openFolder(
        _ name: String, in folder: Int32, _ flags: Int32, path: String
    ) throws(FileError) -> Int32 {
        let flags = flags | O_DIRECTORY
        do throws(FileError) {
            return try open(name, in: folder, flags | O_RDONLY, to: "read", path: path)
        } catch  where error.code == EACCES {
            return try open(name, in: folder, flags | pathOnly, to: "read", path: path)
        }
    }

    /// The names in it, sorted.
    public func names() throws(FileError) -> [String] {
        // Reading moves the descriptor's position, and several threads may use this object.
        let copy = try Self.open(
            ".", in: descriptor, O_RDONLY | O_DIRECTORY, to: "read", path: path)
        guard let directory = fdopendir(copy) else {
            let code = errno
            close(copy)
            throw FileError(operation: "read", path: path, code: code)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(directory) else { break }
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw FileError(operation: "read", path: path, code: errno) }
        return names.sorted()
    }

    /// Whether the name exists, even as a link that leads nowhere.
    ///
    /// An entry that may not be examined counts as existing, so that opening it reports why.
    public func holds(_ name: String) -> Bool {
        do throws(FileError) {
            return try status(of: name, to: "read") != nil
        } catch {
            return true
        }
    }

    // MARK: - System calls

    static func open(
        _ name: String, in folder: Int32, _ flags: Int32, _ mode: mode_t = 0,
        to operation: String, path: String
    ) throws(FileError) -> Int32 {
        while true {
            let file = openat(folder, name, flags | O_CLOEXEC, mode)
            if file >= 0 { return file }
            // A signal may interrupt opening a file on a network drive.
            if errno != EINTR { throw FileError(operation: operation, path: path, code: errno) }
        }
    }

    /// The status of an entry; nil if it does not exist.
    func status(
        of name: String, to operation: String, followingLinks: Bool = false
    ) throws(FileError) -> stat? {
        var status = stat()
        let flags = followingLinks ? 0 : AT_SYMLINK_NOFOLLOW
        if fstatat(descriptor, name, &status, flags) == 0 { return status }
        if errno == ENOENT { return nil }
        throw FileError(operation: operation, path: path(of: name), code: errno)
    }

    /// Syncs the folder, so that its entries survive a power cut.
    package func sync() throws(FileError) {
        do throws(FileError) {
            try Files.sync(descriptor, path)
        } catch  where error.code == EBADF {
            // A folder that is writable but not readable cannot be synced.
        }
    }
}
