import CZeroMQ
import Glibc

/// Starts operating system threads, for work that may block and so must not run in Swift's pool.
package enum NativeThread {
    /// Runs `body` on a new thread, which the caller must join or detach.
    ///
    /// Debuggers and `top -H` show `name`, of which Linux keeps 15 bytes.
    package static func start(name: String, _ body: @escaping @Sendable () -> Void) -> pthread_t {
        let start = Start(name: name, body: body)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                tern_name_thread(start.name)
                start.body()
                return nil
            }, Unmanaged.passRetained(start).toOpaque())
        if code != 0 {
            let running = ThreadLimit.runningThreads
            ResourceError.threads(ThreadLimit.current, possible: running, needed: running + 1)
                .endProcess()
        }
        return thread
    }

    /// Does work that may block on a new thread, and waits for its result.
    package static func run<Result: Sendable>(
        name: String, _ work: @escaping @Sendable () -> Result
    ) async -> Result {
        await withCheckedContinuation { continuation in
            pthread_detach(start(name: name) { continuation.resume(returning: work()) })
        }
    }

    /// The processor time of the calling thread: it does not count other threads on the same core.
    package static var processorTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// A new thread's arguments, behind the one pointer that `pthread_create` passes on.
    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}
