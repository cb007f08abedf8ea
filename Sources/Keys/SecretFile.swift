import Files
import FoundationEssentials
import Glibc

/// Files that only their owner may read: keys, credentials, and the list of workers.
///
/// The checks are made on the open file, so nobody can exchange it between check and use.
enum SecretFile {
    /// The most bytes of a secret's file.
    static let mostBytes = 1 << 20

    /// Reads a file that only its owner, this user or root, can access.
    ///
    /// Modes 0400 and 0600 are accepted, and 0440 and 0640 if the file's group is root's or one of this
    /// process. A symbolic link is accepted if it is one as Kubernetes mounts them, into `..data`.
    ///
    /// - Returns: the bytes, or nil if there is no file.
    /// - Throws: ``KeyError``.
    static func read(_ path: String) throws(KeyError) -> [UInt8]? {
        let flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC
        var file = open(path, flags | O_NOFOLLOW)
        if file < 0, errno == ELOOP {
            guard isMountedByKubernetes(path) else { throw .exposed(path: path, .link) }
            file = open(path, flags)
        }
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw .file(FileError(operation: "read", path: path, code: errno))
        }
        defer { close(file) }
        let size = try check(file, path)
        var bytes = [UInt8](repeating: 0, count: size)
        let count = Glibc.read(file, &bytes, size)
        guard count >= 0 else {
            throw .file(FileError(operation: "read", path: path, code: errno))
        }
        return Array(bytes.prefix(count))
    }

    /// The name of standard input in an error.
    static let standardInput = "standard input"

    /// Reads the first line of standard input, without its end, and no byte more.
    static func readStandardInput() -> [UInt8] {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while bytes.count < 4096 {
            let count = Glibc.read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1, byte != UInt8(ascii: "\n") else { break }
            bytes.append(byte)
        }
        return bytes
    }

    /// Kubernetes replaces a folder of secrets as a whole, by renaming the link `..data`.
    private static func isMountedByKubernetes(_ path: String) -> Bool {
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
        return target?.hasPrefix("..data/") == true
    }

    private static func check(_ file: Int32, _ path: String) throws(KeyError) -> Int {
        func failed(_ code: Int32) -> KeyError {
            .file(FileError(operation: "read", path: path, code: code))
        }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failed(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw failed(status.st_mode & S_IFMT == S_IFDIR ? EISDIR : ESPIPE)
        }
        guard status.st_size <= mostBytes else { throw failed(EFBIG) }
        guard [0, geteuid()].contains(status.st_uid) else {
            throw .exposed(path: path, .owner(status.st_uid))
        }
        let isGroupTrusted = status.st_gid == 0 || isOwnGroup(status.st_gid)
        let forbidden = S_IRWXO | S_IWGRP | S_IXGRP | (isGroupTrusted ? 0 : S_IRGRP)
        guard status.st_mode & forbidden == 0 else {
            var system = statvfs()
            let isReadOnly = fstatvfs(file, &system) == 0 && system.f_flag & UInt(ST_RDONLY) != 0
            throw .exposed(path: path, .mode(isReadOnly: isReadOnly))
        }
        return Int(status.st_size)
    }

    private static func isOwnGroup(_ group: gid_t) -> Bool {
        if group == getegid() { return true }
        var groups = [gid_t](repeating: 0, count: Int(max(0, getgroups(0, nil))))
        let count = getgroups(Int32(groups.count), &groups)
        return groups.prefix(Int(max(0, count))).contains(group)
    }

    /// Makes a file that only this user can read, complete from the beginning, with any umask.
    ///
    /// - Throws: ``KeyError/exists(path:)`` if anything has that name, even a dangling link.
    static func make(_ text: String, at path: String) throws(KeyError) {
        let temporary = try writeTemporary(text, for: path)
        defer { unlink(temporary) }
        // A rename would replace another process's file; a link fails instead.
        if link(temporary, path) != 0 {
            let code = errno
            guard code != EEXIST else { throw .exists(path: path) }
            // This file system has no hard links.
            guard [EPERM, ENOTSUP, EMLINK, ENOSYS].contains(code) else {
                throw .file(FileError(operation: "make", path: path, code: code))
            }
            try writeNew(text, path)
        }
        try syncFolder(of: path)
    }

    /// Replaces a file; on failure, leaves it as it is.
    static func replace(_ text: String, at path: String) throws(KeyError) {
        let temporary = try writeTemporary(text, for: path)
        guard rename(temporary, path) == 0 else {
            let code = errno
            unlink(temporary)
            throw .file(FileError(operation: "replace", path: path, code: code))
        }
        try syncFolder(of: path)
    }

    private static func writeTemporary(_ text: String, for path: String) throws(KeyError) -> String
    {
        do throws(FileError) {
            try Files.makeFolder(Files.folder(of: path), isPrivate: true)
        } catch {
            throw .file(error)
        }
        let temporary = "\(path).\(UInt32.random(in: 1...UInt32.max)).tmp"
        try writeNew(text, temporary)
        return temporary
    }

    private static func writeNew(_ text: String, _ path: String) throws(KeyError) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            if errno == EEXIST { throw .exists(path: path) }
            throw .file(FileError(operation: "make", path: path, code: errno))
        }
        defer { close(file) }
        do throws(FileError) {
            // The umask may have removed some of the owner's rights, too.
            guard fchmod(file, 0o600) == 0 else {
                throw FileError(operation: "make", path: path, code: errno)
            }
            try Files.writeAll(Array(text.utf8), to: file, path: path)
            guard fsync(file) == 0 || [EINVAL, ENOTSUP].contains(errno) else {
                throw FileError(operation: "sync", path: path, code: errno)
            }
        } catch {
            unlink(path)
            throw .file(error)
        }
    }

    private static func syncFolder(of path: String) throws(KeyError) {
        do throws(FileError) {
            try Folder(Files.folder(of: path)).sync()
        } catch {
            throw .file(error)
        }
    }
}
