import Glibc
import Training

/// The private folder that holds the socket at which local workers meet their coordinator.
///
/// The coordinator keeps it locked. One that is not locked was left by a coordinator that was killed
/// before it had any worker to clear up after it.
struct MeetingPoint {
    private var folder = ""
    private static let prefix = "tern-meeting"
    private static let socketName = "coordinator"

    /// The endpoint inside the folder.
    var endpoint: String { "ipc://\(folder)/\(Self.socketName)" }

    /// Makes a folder that only this user may enter, and takes away those that were left over.
    init() throws(FileError) {
        Self.sweep()
        // Another coordinator that sweeps may come between a folder's making and its locking.
        for _ in 0..<10 {
            folder = try Files.makeTemporaryFolder(Self.prefix)
            if Self.lock(folder) != nil, Files.isFolder(folder) { return }
            rmdir(folder)
        }
        throw FileError(
            operation: "lock a folder in", path: Files.temporaryFolder, code: EWOULDBLOCK)
    }

    /// The meeting point of an endpoint that another process made.
    init?(endpoint: String) {
        let (scheme, name) = ("ipc://", "/" + Self.socketName)
        guard endpoint.hasPrefix(scheme), endpoint.hasSuffix(name) else { return nil }
        folder = String(endpoint.dropFirst(scheme.count).dropLast(name.count))
    }

    /// Takes the folder away, unless it holds anything else.
    func remove() {
        unlink("\(folder)/\(Self.socketName)")
        rmdir(folder)
    }

    private static func sweep() {
        for name in Files.names(in: Files.temporaryFolder) where name.hasPrefix("\(prefix)-") {
            let left = MeetingPoint(folder: "\(Files.temporaryFolder)/\(name)")
            guard let lock = lock(left.folder) else { continue }
            left.remove()
            close(lock)
        }
    }

    private init(folder: String) { self.folder = folder }

    /// Locks a folder of this user for as long as this process has the descriptor open.
    ///
    /// - Returns: the descriptor; nil if another process has locked the folder.
    private static func lock(_ folder: String) -> Int32? {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_uid == geteuid(),
            flock(descriptor, LOCK_EX | LOCK_NB) == 0
        else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}
