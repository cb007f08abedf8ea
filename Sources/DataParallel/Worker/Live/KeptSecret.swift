import Files
import Glibc
import ZeroMQ

/// A worker's secret in a file that only this user can read, so that it survives restarts.
///
/// Each worker of a user on a machine has its own file: the first in the folder that no other process holds,
/// `HOST-1`, `HOST-2` and so on. The process holds it by a lock until it ends.
public final class KeptSecret: Sendable {
    /// The secret.
    public let secret: WorkerSecret
    private let file: Int32

    private static let mostFiles = 4096

    /// Takes the first free file in `folder`, and creates it if it does not exist.
    ///
    /// - Throws: ``FileError`` if a file cannot be created or locked, or others can read it.
    public init(in folder: String) throws(FileError) {
        try Files.makeFolder(folder, isPrivate: true)
        let host = hostName().map { $0 == "/" ? "-" : $0 }
        for number in 1...Self.mostFiles {
            let path = "\(folder)/\(String(host))-\(number)"
            let file = try Self.open(path)
            switch Files.lock(file) {
            case .locked: break
            case .taken:
                close(file)
                continue
            case .unsupported(let code):
                close(file)
                throw FileError(operation: "lock", path: path, code: code)
            }
            do throws(FileError) {
                let kept = try Self.read(file, path)
                secret = if let kept { kept } else { try Self.write(file, path) }
                self.file = file
                return
            } catch {
                close(file)
                throw error
            }
        }
        throw FileError(operation: "make another file in", path: folder, code: ENOSPC)
    }

    deinit { close(file) }

    private static func open(_ path: String) throws(FileError) -> Int32 {
        let flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        var file = Glibc.open(path, O_RDWR | O_CREAT | flags, 0o600)
        // On a read-only disk the file may already exist.
        if file < 0, [EROFS, EACCES, EPERM].contains(errno) {
            let code = errno
            file = Glibc.open(path, O_RDONLY | flags)
            if file < 0 { errno = code }
        }
        guard file >= 0 else { throw FileError(operation: "make", path: path, code: errno) }
        return file
    }

    /// The secret in a file; nil if it is missing or incomplete.
    private static func read(_ file: Int32, _ path: String) throws(FileError) -> WorkerSecret? {
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_mode & (S_IRWXG | S_IRWXO) == 0
        else { throw FileError(operation: "keep a secret in", path: path, code: EPERM) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = pread(file, &bytes, bytes.count, 0)
        guard count >= 0 else { throw FileError(operation: "read", path: path, code: errno) }
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        return text.hasSuffix("\n") ? WorkerSecret(String(text.dropLast())) : nil
    }

    /// Writes a new secret; the lock keeps other workers from reading an incomplete one.
    private static func write(_ file: Int32, _ path: String) throws(FileError) -> WorkerSecret {
        let secret = WorkerSecret.random()
        guard ftruncate(file, 0) == 0 else {
            throw FileError(operation: "write", path: path, code: errno)
        }
        try Files.writeAll(Array("\(secret.text)\n".utf8), to: file, path: path)
        guard fsync(file) == 0 else {
            throw FileError(operation: "write", path: path, code: errno)
        }
        return secret
    }
}
