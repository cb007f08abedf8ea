import CZeroMQ
import Glibc

/// Signals as a readable source, instead of an interruption at any point of the program.
///
/// A handler writes them to a pipe. Blocking them and reading a signalfd would not work: each thread
/// has its own mask, the runtime's pool has threads before the program's first line, and libraries that
/// start processes clear the mask; one unblocked thread is enough for a signal to end the process.
/// There can be one source at a time. Child processes get the default actions.
///
/// SIGINT, SIGTERM and SIGHUP request a stop, SIGUSR1 and SIGUSR2 a checkpoint. A SIGHUP that the
/// process ignores, as under `nohup`, stays ignored.
public final class SignalSource: Sendable {
    /// The descriptor to attach to an ``EventLoop``.
    public let fileDescriptor: Int32
    private let writingEnd: Int32
    private let caught: [Int32]
    private let rules = Locked(SignalRules())

    /// Catches the signals and queues them for reading.
    public init() throws(SocketError) {
        var reading: Int32 = -1
        var writing: Int32 = -1
        guard tern_open_pipe(&reading, &writing) == 0 else {
            throw SocketError(.awaitSignals, code: errno)
        }
        fileDescriptor = reading
        writingEnd = writing
        caught = [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2].filter { signal in
            signal != SIGHUP || tern_ignores_signal(signal) == 0
        }
        for signal in caught {
            guard tern_catch_signal(signal, writingEnd) == 0 else {
                throw SocketError(.awaitSignals, code: errno)
            }
        }
    }

    deinit {
        for number in caught { signal(number, SIG_DFL) }
        Glibc.close(writingEnd)
        Glibc.close(fileDescriptor)
    }

    /// The next request of the signals that came, or nil if there is none.
    public func read() -> SignalRequest? {
        var note = tern_signal()
        while Glibc.read(fileDescriptor, &note, MemoryLayout<tern_signal>.size)
            == MemoryLayout<tern_signal>.size
        {
            let time = Duration.nanoseconds(note.time)
            if let request = rules.withLock({ $0.request(of: note.number, at: time) }) {
                return request
            }
        }
        return nil
    }
}
