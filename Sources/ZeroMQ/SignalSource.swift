import CZeroMQ
import Glibc

/// Signals as something to read, instead of an interruption at any point of the program.
///
/// Make it first thing in the program: the signals are blocked in the calling thread, and in the
/// threads that are started after. Programs that it starts inherit that.
public final class SignalSource: Sendable {
    /// What to attach to a ``SocketThread``.
    public let fileDescriptor: Int32

    /// Blocks the signals and queues them for reading.
    public init(_ signals: [Int32] = [SIGINT, SIGTERM]) throws(SocketError) {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        let code = pthread_sigmask(SIG_BLOCK, &set, nil)
        precondition(code == 0, "pthread_sigmask: error \(code)")
        fileDescriptor = signalfd(-1, &set, Int32(SFD_NONBLOCK | SFD_CLOEXEC))
        guard fileDescriptor >= 0 else { throw SocketError(.awaitSignals, code: errno) }
    }

    deinit { Glibc.close(fileDescriptor) }

    /// The next signal that came, or nil when there is none.
    public func read() -> Int32? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        return Glibc.read(fileDescriptor, &info, size) == size ? Int32(info.ssi_signo) : nil
    }

    /// Has the kernel send `signal` to this process when its parent ends, however that ends.
    ///
    /// To Linux the parent is the *thread* that started this process.
    public static func sendWhenParentEnds(_ signal: Int32) {
        tern_signal_when_parent_ends(signal)
    }
}
