import Glibc
import Kernels
import ZeroMQ

/// Measures how often concurrent threads can make a call.
struct ParallelRate {
    /// The number of concurrent threads.
    let threads: Int
    /// The seconds to measure, after the warm-up.
    let seconds: Double

    private static let windows = 5

    /// The calls a second of all threads together, in each of a few equal time windows.
    ///
    /// - Parameter prepare: returns the call of one thread, with its own buffers; runs on that
    ///   thread.
    func measure(_ prepare: @escaping @Sendable () -> () -> Void) -> [Double] {
        let barrier = Barrier(count: threads)
        let processors = Processors.allowed
        // Pins each thread to its own processor if there are enough.
        let isPlaced = threads <= processors.count
        let rates = Locked([Double](repeating: 0, count: Self.windows))
        let running = (0..<threads).map { index in
            NativeThread.start(name: "tern-bench-\(index)") {
                if isPlaced { Processors.keepThisThread(on: processors[index]) }
                let call = prepare()
                let batch = Self.batch(of: call)
                for window in 0..<Self.windows {
                    barrier.wait()
                    let rate = self.callsPerSecond(call, batch: batch)
                    rates.withLock { $0[window] += rate }
                }
            }
        }
        for thread in running { pthread_join(thread, nil) }
        return rates.withLock { $0 }
    }

    /// Enough calls to make the cost of reading the clock negligible.
    private static func batch(of call: () -> Void) -> Int {
        var batch = 1
        while true {
            let start = ContinuousClock.now
            for _ in 0..<batch { call() }
            if ContinuousClock.now - start > .microseconds(50) { return batch }
            batch *= 2
        }
    }

    private func callsPerSecond(_ call: () -> Void, batch: Int) -> Double {
        let length = Duration.seconds(seconds / Double(Self.windows))
        let start = ContinuousClock.now
        var calls = 0
        var passed = Duration.zero
        while passed < length {
            for _ in 0..<batch { call() }
            calls += batch
            passed = ContinuousClock.now - start
        }
        return Double(calls) / passed.seconds
    }
}

/// A point at which threads wait for each other.
///
/// `@unchecked Sendable`: a pthread barrier is made for use by several threads.
private final class Barrier: @unchecked Sendable {
    // A pthread barrier must stay at one address, which a stored property does not guarantee.
    private let raw = UnsafeMutablePointer<pthread_barrier_t>.allocate(capacity: 1)

    init(count: Int) {
        let code = pthread_barrier_init(raw, nil, UInt32(count))
        precondition(code == 0, "pthread_barrier_init: error \(code)")
    }

    deinit {
        pthread_barrier_destroy(raw)
        raw.deallocate()
    }

    func wait() { pthread_barrier_wait(raw) }
}
