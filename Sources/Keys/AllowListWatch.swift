import Glibc
import ZeroMQ

/// Reads a list of workers again when its file has changed, on a thread that may wait for a disk.
public final class AllowListWatch: Sendable {
    /// What tells two states of a file apart; all zero where it is not there.
    private struct Stamp: Equatable {
        var device: UInt64 = 0
        var number: UInt64 = 0
        var size = 0
        var seconds = 0
        var nanoseconds = 0
    }

    private let path: String
    private let thread = BackgroundThread(name: "tern-keys")
    private let state: Locked<(stamp: Stamp, isChecking: Bool)>

    /// Watches the file at `path`, from which `list` has been read; both happen here, in this order.
    ///
    /// - Throws: ``KeyError``
    public init(path: String) throws(KeyError) {
        self.path = path
        // A change between the two is seen as one at the first check.
        state = Locked((Self.stamp(of: path), false))
        list = try AllowList(path: path)
    }

    /// The list as it was at the beginning.
    public let list: AllowList

    /// Whether no check is under way.
    package var isIdle: Bool { state.withLock { !$0.isChecking } }

    /// Looks at the file, unless it is being looked at, and tells of another content.
    public func check(_ onChange: @escaping @Sendable (Result<AllowList, KeyError>) -> Void) {
        let isFree = state.withLock { state in
            defer { state.isChecking = true }
            return !state.isChecking
        }
        guard isFree else { return }
        thread.perform { [self] in
            let stamp = Self.stamp(of: path)
            let isChanged = state.withLock { $0.stamp != stamp }
            if isChanged {
                onChange(Result { () throws(KeyError) in try AllowList(path: path) })
            }
            state.withLock { $0 = (stamp, false) }
        }
    }

    private static func stamp(of path: String) -> Stamp {
        var status = stat()
        guard stat(path, &status) == 0 else { return Stamp() }
        // The time of the last change of any kind: it cannot be set.
        return Stamp(
            device: UInt64(status.st_dev), number: UInt64(status.st_ino), size: Int(status.st_size),
            seconds: status.st_ctim.tv_sec, nanoseconds: status.st_ctim.tv_nsec)
    }
}
