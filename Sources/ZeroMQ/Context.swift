import CZeroMQ
import Glibc

/// A process's ZeroMQ context: libzmq's I/O threads and the inproc endpoints.
///
/// One per process is enough. End it with ``terminate()`` after its sockets are closed.
///
/// `@unchecked Sendable`: libzmq's contexts are thread-safe (its sockets are not).
public final class Context: @unchecked Sendable {
    let raw: UnsafeMutableRawPointer

    private struct State {
        var openSockets = 0
        var isTerminated = false
    }
    private let state = Locked(State())

    /// Makes the numbers that routers give to their peers unpredictable.
    ///
    /// They follow one of the C library's random numbers. A peer that has claimed the next one as its
    /// own identity ends the process ("ok" in socket_base.cpp of libzmq 4.3.4).
    private static let seed: Void = srand(.random(in: .min ... .max))

    /// Makes a context; one I/O thread carries about a gigabyte a second.
    public init(ioThreads: Int = 1) {
        precondition(ioThreads >= 1, "a context needs an I/O thread")
        Self.seed
        guard let raw = zmq_ctx_new() else { preconditionFailure("zmq_ctx_new: out of resources") }
        self.raw = raw
        zmq_ctx_set(raw, ZMQ_IO_THREADS, Int32(clamping: ioThreads))
    }

    deinit {
        // An open socket keeps its context alive, so all are closed here.
        if !state.withLock({ $0.isTerminated }) { Self.terminate(raw) {} }
    }

    /// Ends the I/O threads, after the lingering messages of closed sockets.
    ///
    /// libzmq blocks in this call, so it runs on its own thread and never in Swift's pool.
    ///
    /// - Precondition: All sockets of the context are closed: libzmq would wait for them forever.
    public func terminate() async {
        let isFirst = state.withLock { state in
            if state.openSockets > 0 {
                fatalError("\(state.openSockets) sockets are open: close them before their context")
            }
            defer { state.isTerminated = true }
            return !state.isTerminated
        }
        guard isFirst else { return }
        await withCheckedContinuation { continuation in
            Self.terminate(raw) { continuation.resume() }
        }
    }

    func socketDidOpen() {
        state.withLock { state in
            precondition(!state.isTerminated, "a terminated context opens no socket")
            state.openSockets += 1
        }
    }

    func socketDidClose() {
        state.withLock { $0.openSockets -= 1 }
    }

    private static func terminate(
        _ raw: UnsafeMutableRawPointer, then completion: @escaping @Sendable () -> Void
    ) {
        // No other thread has the pointer now. An integer, because raw pointers are not Sendable.
        let address = UInt(bitPattern: raw)
        let thread = NativeThread.start(name: "zmq-terminate") {
            let raw = UnsafeMutableRawPointer(bitPattern: address)
            while zmq_ctx_term(raw) != 0 && zmq_errno() == EINTR {}
            completion()
        }
        pthread_detach(thread)
    }
}
