import Glibc

/// The threads and descriptors that a process, and those that it starts, are about to take.
///
/// libzmq ends the process where it gets no thread or descriptor, and Swift's pool waits for one without a
/// word. So they are tried out before any work begins.
package struct ResourceNeed: Sendable {
    /// The threads of this process, and of those that it starts.
    package var threads: Int
    /// The descriptors beside those that are open.
    package var descriptors: Int

    /// Of more threads, the system's limit is not worth the time to find out.
    private static let mostTried = 4096

    /// A need of so many.
    package init(threads: Int, descriptors: Int) {
        self.threads = threads
        self.descriptors = descriptors
    }

    /// Makes sure that the system will give them, as far as can be known.
    ///
    /// - Throws: ``ResourceError`` if it does not.
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
                // Standard error may be closed, and what cannot be copied tells nothing.
                if errno == EBADF { return }
                let open = limit - copies.count
                throw .descriptors(limit: limit, needed: open + descriptors)
            }
            copies.append(copy)
        }
    }

    private func tryThreads() throws(ResourceError) {
        // The threads wait for this until all have been started.
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
