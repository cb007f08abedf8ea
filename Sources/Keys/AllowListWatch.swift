import Glibc
import ZeroMQ

/// Rereads a list of workers after its file has changed, on a thread that may wait for a disk.
public final class AllowListWatch: Sendable {
    /// Identifies the state of a file; all zero if it does not exist.
    private struct Stamp: Equatable {
        var device: UInt64 = 0
        var number: UInt64 = 0
        var size = 0
        var seconds = 0
        var nanoseconds = 0
    }

    private struct State {
        /// The state whose content was read.
        var stamp: Stamp
        /// The state at the last look.
        var newStamp: Stamp?
        var isLooking = false
        var change: Result<AllowList, KeyError>?
    }

    private let path: String
    private let thread = BackgroundThread(name: "tern-keys")
    private let state: Locked<State>

    /// The list at the beginning.
    public let list: AllowList

    /// Reads the list at `path`, and watches it from then on.
    ///
    /// - Throws: ``KeyError``
    public init(path: String) throws(KeyError) {
        self.path = path
        // The first look sees a change between these two lines.
        state = Locked(State(stamp: Self.stamp(of: path)))
        list = try AllowList(path: path)
    }

    /// Whether no look is in progress.
    package var isIdle: Bool { state.withLock { !$0.isLooking } }

    /// The list that the last look has read, if the file had changed; starts the next look.
    ///
    /// The caller never waits.
    public func poll() -> Result<AllowList, KeyError>? {
        let (change, isFree) = state.withLock { state in
            defer { state.isLooking = true }
            return (state.change.take(), !state.isLooking)
        }
        if isFree { thread.perform { [self] in look() } }
        return change
    }

    /// Reads a file that has changed, but not since the last look: while it is being written, it is
    /// empty or incomplete.
    private func look() {
        let stamp = Self.stamp(of: path)
        let isSettled = state.withLock { state in
            let isSettled = state.stamp != stamp && state.newStamp == stamp
            state.newStamp = stamp
            return isSettled
        }
        let change = isSettled ? Result { () throws(KeyError) in try AllowList(path: path) } : nil
        state.withLock { state in
            if isSettled { state.stamp = stamp }
            state.isLooking = false
            state.change = change ?? state.change
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
