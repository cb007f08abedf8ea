import Glibc

/// A thread that runs the work it is given, in order.
///
/// Its callers never wait, however slow a disk or a terminal is.
package final class BackgroundThread: Sendable {
    private let queue = WorkQueue()

    /// Starts a thread.
    package init(name: String) {
        pthread_detach(NativeThread.start(name: name) { [queue] in queue.run() })
    }

    /// The thread ends after all work that it was given.
    deinit { queue.end() }

    /// Queues `work` behind all earlier work; `bytes` is the memory that it holds until it is done.
    package func perform(bytes: Int = 0, _ work: @escaping @Sendable () -> Void) {
        queue.add(bytes, work)
    }

    /// The bytes held by work that is not done.
    package var waitingBytes: Int { queue.waitingBytes }
}

/// A queue of work for one thread.
///
/// `@unchecked Sendable`: all state is accessed only while the mutex is held.
private final class WorkQueue: @unchecked Sendable {
    // They must stay at one address, which a stored property does not guarantee.
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

    /// Waits for work and returns all of it; nothing at the end.
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
