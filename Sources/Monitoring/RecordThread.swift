import Files
import Glibc
import ZeroMQ

/// The thread that writes a run's files, so that training never waits for a disk.
///
/// Work is queued in memory and never dropped. If the queue gets too long, the next step must wait:
/// see ``hasRoom``.
public final class RecordThread: Sendable {
    private let thread = BackgroundThread(name: "tern-record")
    private let failure = Locked<FileError?>(nil)

    /// The maximum size of the queue, in bytes.
    private static let mostWaiting = 64 << 20

    /// Starts the thread.
    public init() {
        // On Linux the priority applies to this thread only. With low priority it writes between
        // steps and does not take a core from the lanes.
        thread.perform { _ = nice(10) }
    }

    /// The first failure; nothing is written after it, because the file may end in a partial line.
    var error: FileError? { failure.withLock { $0 } }

    /// Whether there is room for another step.
    package var hasRoom: Bool { thread.waitingBytes < Self.mostWaiting }

    /// Queues `work`, which is skipped if earlier work has failed.
    ///
    /// - Parameters:
    ///   - bytes: the memory that the work holds.
    ///   - isUrgent: whether it begins at once, see ``BackgroundThread``.
    package func perform(
        bytes: Int, isUrgent: Bool = true,
        _ work: @escaping @Sendable () throws(FileError) -> Void
    ) {
        thread.perform(bytes: bytes, isUrgent: isUrgent) { [failure] in
            guard failure.withLock({ $0 == nil }) else { return }
            do throws(FileError) {
                try work()
            } catch {
                failure.withLock { $0 = error }
            }
        }
    }

    /// Waits until everything is written, and returns the first failure, if any.
    public func finish() async -> FileError? {
        await withCheckedContinuation { continuation in
            flush { continuation.resume(returning: $0) }
        }
    }

    /// Calls `completion` on the thread after all earlier work, with the first failure, if any.
    package func flush(then completion: @escaping @Sendable (FileError?) -> Void) {
        thread.perform { [failure] in completion(failure.withLock { $0 }) }
    }
}
