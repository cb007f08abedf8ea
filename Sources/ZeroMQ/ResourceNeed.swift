import Glibc

/// The threads and descriptors that a process and its child processes are about to need.
///
/// Without a thread or descriptor, libzmq ends the process, and Swift's pool waits for one silently. So
/// they are tried out before any work begins.
package struct ResourceNeed: Sendable {
    /// The threads of this process and of its child processes.
    package var threads: Int
    /// The descriptors in addition to the open ones.
    package var descriptors: Int

    /// Beyond this, finding the system's limit takes too long.
    private static let mostTried = 4096

    /// Makes a need of these numbers.
    package init(threads: Int, descriptors: Int) {
        self.threads = threads
        self.descriptors = descriptors
    }

    /// Checks that the system will provide them, as far as can be known.
    ///
    /// - Throws: ``ResourceError`` if it will not.
    package func secure() throws(ResourceError) {
        try tryDescriptors()
        try tryThreads()
    }

    private func tryDescriptors() throws(ResourceError) {
        let limit = DescriptorLimit.raise()
        var copies: [Int32] = []
        defer { for copy in copies { close(copy) } }
        while copies.count < descriptors {
            let copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)
            guard copy >= 0 else {
                // Standard error may be closed; then nothing can be copied, and nothing is known.
                if errno == EBADF { return }
                let open = limit - copies.count
                throw .descriptors(limit: limit, needed: open + descriptors)
            }
            copies.append(copy)
        }
    }

    private func tryThreads() throws(ResourceError) {
        // The threads wait for this until all are started.
        let gate = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        pthread_mutex_init(gate, nil)
        pthread_mutex_lock(gate)
        var started: [pthread_t] = []
        defer {
            pthread_mutex_unlock(gate)
            for thread in started { pthread_join(thread, nil) }
            pthread_mutex_destroy(gate)
            gate.deallocate()
        }
        let running = ThreadLimit.runningThreads
        while running + started.count < min(threads, Self.mostTried) {
            guard let thread = Self.startThread(waitingFor: gate) else {
                throw .threads(
                    ThreadLimit.current, possible: running + started.count, needed: threads)
            }
            started.append(thread)
        }
    }

    private static func startThread(
        waitingFor gate: UnsafeMutablePointer<pthread_mutex_t>
    ) -> pthread_t? {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, 1 << 16)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { gate in
                let gate = gate?.assumingMemoryBound(to: pthread_mutex_t.self)
                if let gate {
                    pthread_mutex_lock(gate)
                    pthread_mutex_unlock(gate)
                }
                return nil
            }, gate)
        return code == 0 ? thread : nil
    }
}
