import Glibc
import Synchronization

/// The temporary files that are being written, so that a process that ends at once can remove them.
final class UnfinishedFiles: Sendable {
    /// Those of this process.
    static let shared = UnfinishedFiles()

    /// Their folders and names, by their paths.
    private let files = Mutex<[String: (folder: Folder, name: String)]>([:])

    /// Notes a file before it is made.
    func begin(_ name: String, in folder: Folder) {
        files.withLock { $0[folder.path(of: name)] = (folder, name) }
    }

    /// Forgets a file that has its final name, or is gone.
    func end(_ name: String, in folder: Folder) {
        files.withLock { $0[folder.path(of: name)] = nil }
    }

    /// Removes all, and ends the process before another can be begun.
    func abandon(then end: () -> Never) -> Never {
        files.withLock { files in
            for (folder, name) in files.values { folder.remove(name) }
            end()
        }
    }
}
