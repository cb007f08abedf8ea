import Glibc

/// A value that only one thread at a time can access.
///
/// A pthread mutex rather than `Synchronization.Mutex`: Thread Sanitizer does not understand the
/// latter's futex calls on Linux and reports false races.
///
/// `@unchecked Sendable`: `value` is accessed only while the mutex is held.
package final class Locked<Value>: @unchecked Sendable {
    // A pthread mutex must stay at one address, which a stored property does not guarantee.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var value: Value

    /// Makes an unlocked value.
    package init(_ value: Value) {
        self.value = value
        let code = pthread_mutex_init(mutex, nil)
        precondition(code == 0, "pthread_mutex_init: error \(code)")
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` while no other thread can; `body` must not lock the same value again.
    package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}
