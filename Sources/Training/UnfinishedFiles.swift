import Glibc
import Synchronization

/// The temporary files that are being written, so that a process that ends at once can remove them.
final class UnfinishedFiles: Sendable {
    private let paths = Mutex<Set<String>>([])

    /// Notes a file before it is made.
    func begin(_ path: String) { paths.withLock { _ = $0.insert(path) } }

    /// Forgets a file that has its final name, or is gone.
    func end(_ path: String) { paths.withLock { _ = $0.remove(path) } }

    /// Removes all, and ends the process before another can be begun.
    func abandon(then end: () -> Never) -> Never {
        paths.withLock { paths in
            for path in paths { unlink(path) }
            end()
        }
    }
}
