import Glibc
import Training
import ZeroMQ

/// The thread that writes a run's files as the run goes, so that training never waits for a disk.
///
/// What waits to be written is kept in memory and never dropped. Where that becomes too much, the next
/// step has to wait: see ``hasRoom``.
public final class RecordThread: Sendable {
    private let thread = BackgroundThread(name: "tern-record")
    private let failure = Locked<FileError?>(nil)

    /// The bytes that may wait before training does.
    private static let mostWaiting = 64 << 20

    /// Starts the thread.
    public init() {
        // On Linux this is the thread's alone. While steps are computed on all cores it waits for the pause
        // between two of them, rather than take a core from one.
        thread.perform { _ = nice(10) }
    }

    /// The first failure; nothing is written after it, as a part of a line may be in the file.
    var error: FileError? { failure.withLock { $0 } }

    /// Whether another step may be made.
    package var hasRoom: Bool { thread.waitingBytes < Self.mostWaiting }

    /// Carries out `work` after all before it, unless that has failed.
    ///
    /// - Parameter bytes: the memory that it takes until then.
    package func perform(bytes: Int, _ work: @escaping @Sendable () throws(FileError) -> Void) {
        thread.perform(bytes: bytes) { [failure] in
            guard failure.withLock({ $0 == nil }) else { return }
            do throws(FileError) {
                try work()
            } catch {
                failure.withLock { $0 = error }
            }
        }
    }

    /// Waits until all is written, and gives the first failure if there is one.
    public func finish() async -> FileError? {
        await withCheckedContinuation { continuation in
            flush { continuation.resume(returning: $0) }
        }
    }

    /// Calls `completion` on the thread once all before it is done, with the first failure if there is one.
    package func flush(then completion: @escaping @Sendable (FileError?) -> Void) {
        thread.perform { [failure] in completion(failure.withLock { $0 }) }
    }
}
