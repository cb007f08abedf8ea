import Glibc

/// A thread of its own that does what it is handed, in that order.
///
/// Whoever hands it over never waits, however slow a disk or a terminal is.
package final class BackgroundThread: Sendable {
    private let queue = WorkQueue()

    /// Starts a thread.
    package init(name: String) {
        pthread_detach(NativeThread.start(name: name) { [queue] in queue.run() })
    }

    /// The thread ends once it has done what it was handed.
    deinit { queue.end() }

    /// Does `work` after all that was handed over before; `bytes` is the memory that it takes until then.
    package func perform(bytes: Int = 0, _ work: @escaping @Sendable () -> Void) {
        queue.add(bytes, work)
    }

    /// The bytes of the work that is not done.
    package var waitingBytes: Int { queue.waitingBytes }
}

/// Work that waits for its thread.
///
/// `@unchecked Sendable`: all state is reached only while the mutex is held.
private final class WorkQueue: @unchecked Sendable {
    // They must stay at one address, which a stored property does not promise.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var waiting: [(bytes: Int, body: @Sendable () -> Void)] = []
    private var bytes = 0
    private var isEnding = false

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func add(_ size: Int, _ body: @escaping @Sendable () -> Void) {
        withLock {
            waiting.append((size, body))
            bytes += size
            pthread_cond_signal(condition)
        }
    }

    func end() {
        withLock {
            isEnding = true
            pthread_cond_signal(condition)
        }
    }

    var waitingBytes: Int { withLock { bytes } }

    func run() {
        while case let batch = next(), !batch.isEmpty {
            for work in batch {
                work.body()
                withLock { bytes -= work.bytes }
            }
        }
    }

    /// All that waits, as soon as there is any; nothing at the end.
    private func next() -> [(bytes: Int, body: @Sendable () -> Void)] {
        withLock {
            while waiting.isEmpty, !isEnding { pthread_cond_wait(condition, mutex) }
            defer { waiting = [] }
            return waiting
        }
    }

    private func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}
