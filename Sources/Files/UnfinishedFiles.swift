import Glibc
import Synchronization

/// The temporary files being written, so that a process that ends at once can remove them.
final class UnfinishedFiles: Sendable {
    /// The temporary files of this process.
    static let shared = UnfinishedFiles()

    /// Folder and name of each file, by path.
    private let files = Mutex<[String: (folder: Folder, name: String)]>([:])

    /// Notes a file before it is created.
    func begin(_ name: String, in folder: Folder) {
        files.withLock { $0[folder.path(of: name)] = (folder, name) }
    }

    /// Forgets a file that has its final name or is gone.
    func end(_ name: String, in folder: Folder) {
        files.withLock { $0[folder.path(of: name)] = nil }
    }

    /// Removes all files and ends the process before it can begin another.
    func abandon(then end: () -> Never) -> Never {
        files.withLock { files in
            for (folder, name) in files.values { folder.remove(name) }
            end()
        }
    }
}
