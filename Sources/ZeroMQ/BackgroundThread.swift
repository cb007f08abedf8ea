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

    /// Queues `work` behind all earlier work.
    ///
    /// - Parameters:
    ///   - bytes: the memory that the work holds until it is done.
    ///   - isUrgent: whether it begins at once. Other work may wait for a twentieth of a second, so that work
    ///     that comes often wakes the thread rarely: each time takes a processor from another thread.
    package func perform(
        bytes: Int = 0, isUrgent: Bool = true, _ work: @escaping @Sendable () -> Void
    ) {
        queue.add(bytes, isUrgent, work)
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
    private typealias Work = (bytes: Int, isUrgent: Bool, body: @Sendable () -> Void)
    private var waiting: [Work] = []
    private var bytes = 0
    private var isEnding = false
    /// Whether the thread pauses before it looks for work again, and whether it does so now.
    private var (mustPause, isPausing) = (false, false)

    /// The pause after work that is not urgent, in nanoseconds.
    private static let pause = 50_000_000

    init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // A pause must not depend on the time of day, which somebody may set.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func add(_ size: Int, _ isUrgent: Bool, _ body: @escaping @Sendable () -> Void) {
        withLock {
            waiting.append((size, isUrgent, body))
            bytes += size
            if isUrgent || !isPausing { pthread_cond_signal(condition) }
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
    private func next() -> [Work] {
        withLock {
            if mustPause { pauseUntilUrgent() }
            while waiting.isEmpty, !isEnding { pthread_cond_wait(condition, mutex) }
            mustPause = waiting.contains { !$0.isUrgent }
            defer { waiting = [] }
            return waiting
        }
    }

    private func pauseUntilUrgent() {
        isPausing = true
        defer { isPausing = false }
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        end.tv_nsec += Self.pause
        (end.tv_sec, end.tv_nsec) = (
            end.tv_sec + end.tv_nsec / 1_000_000_000, end.tv_nsec % 1_000_000_000
        )
        while !isEnding, !waiting.contains(where: \.isUrgent),
            pthread_cond_timedwait(condition, mutex, &end) == 0
        {}
    }

    private func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}
