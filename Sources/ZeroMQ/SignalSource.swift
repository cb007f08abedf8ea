import CZeroMQ
import Glibc

/// Signals as something to read, instead of an interruption at any point of the program.
///
/// A handler writes them to a pipe. Blocking them and reading a signalfd would not do: the mask is
/// each thread's own, the runtime's pool has threads before the program's first line, and libraries
/// that start processes clear it; one unblocked thread is enough for a signal to end the process.
/// There can be one source at a time. Programs that it starts get the default actions.
public final class SignalSource: Sendable {
    /// What to attach to a ``SocketThread``.
    public let fileDescriptor: Int32
    private let writingEnd: Int32
    private let signals: [Int32]

    /// Catches the signals and queues them for reading.
    public init(_ signals: [Int32] = [SIGINT, SIGTERM]) throws(SocketError) {
        var reading: Int32 = -1
        var writing: Int32 = -1
        guard tern_open_pipe(&reading, &writing) == 0 else {
            throw SocketError(.awaitSignals, code: errno)
        }
        fileDescriptor = reading
        writingEnd = writing
        self.signals = signals
        for signal in signals {
            guard tern_catch_signal(signal, writingEnd) == 0 else {
                throw SocketError(.awaitSignals, code: errno)
            }
        }
    }

    deinit {
        for number in signals { signal(number, SIG_DFL) }
        Glibc.close(writingEnd)
        Glibc.close(fileDescriptor)
    }

    /// The next signal that came, or nil when there is none.
    public func read() -> Int32? {
        var byte: UInt8 = 0
        return Glibc.read(fileDescriptor, &byte, 1) == 1 ? Int32(byte) : nil
    }
}
