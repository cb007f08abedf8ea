import Glibc
import ZeroMQ

/// Standard output and standard error: everything the program prints goes through here.
///
/// A slow reader or a non-blocking descriptor loses no output. A reader that has closed its end is
/// not an error.
public enum Output {
    /// Writes a text and a line end to standard output, and waits until all of it is written.
    ///
    /// - Parameter signals: the signals that may stop the wait.
    /// - Throws: ``OutputError`` if it cannot be written.
    public static func line(
        _ text: String, hearing signals: SignalSource? = nil
    ) throws(OutputError) {
        try write(Array("\(text)\n".utf8), to: STDOUT_FILENO, hearing: signals)
    }

    /// Writes a line to standard error, waiting at most a second for a slow reader.
    public static func error(_ text: String) {
        guard !isErrorStuck.withLock({ $0 }) else { return }
        do throws(OutputError) {
            try write(Array("\(text)\n".utf8), to: STDERR_FILENO, patience: 1000)
        } catch {
            // Further errors are dropped without waiting again.
            isErrorStuck.withLock { $0 = true }
        }
    }

    private static let isErrorStuck = Locked(false)

    /// The size of a write that does not block on a pipe with room.
    private static let longestPart = 4096

    /// Writes all bytes to a descriptor.
    ///
    /// - Parameter patience: the timeout in milliseconds; -1 for none.
    package static func write(
        _ bytes: [UInt8], to file: Int32, hearing signals: SignalSource? = nil, patience: Int32 = -1
    ) throws(OutputError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            try wait(for: file, hearing: signals, patience: patience)
            // A longer write might block, and signals would not be noticed.
            let part = rest.prefix(longestPart)
            let count = part.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EPIPE || (errno == EIO && isatty(file) == 1) {
                // The pipe has no reader, or the terminal was closed.
                return
            } else if errno != EINTR && errno != EAGAIN {
                throw .failed(code: errno)
            }
        }
    }

    /// Waits until all writers of a pipe have closed it.
    ///
    /// - Parameter patience: the timeout; nil for none.
    static func wait(
        forEndOf pipe: Int32, hearing signals: SignalSource?, patience: Duration?
    ) throws(OutputError) {
        let milliseconds = patience.map { Int32(clamping: Int64($0 / .milliseconds(1))) } ?? -1
        try wait(for: pipe, hearing: signals, patience: milliseconds)
    }

    /// Waits until a descriptor is writable or broken; a pipe's reading end breaks when the writing
    /// end is closed.
    private static func wait(
        for file: Int32, hearing signals: SignalSource?, patience: Int32
    ) throws(OutputError) {
        while true {
            var sources = [
                pollfd(fd: file, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: signals?.fileDescriptor ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&sources, 2, patience)
            if count == 0 { throw .failed(code: ETIMEDOUT) }
            guard count > 0 else { continue }
            switch signals?.read() {
            case .stop(let signal), .stopAtOnce(let signal): throw .stopped(signal: signal)
            case .checkpoint, nil: break
            }
            if sources[0].revents != 0 { return }
        }
    }
}

/// Why a result was not printed.
public enum OutputError: Error, CustomStringConvertible, Equatable {
    /// It cannot be written.
    case failed(code: Int32)
    /// A signal stopped the wait.
    case stopped(signal: Int32)

    /// One line that says what failed and what to do.
    public var description: String {
        switch self {
        case .failed(let code):
            "cannot write to standard output: \(String(cString: strerror(code))): the result is not "
                + "complete; write it to another file"
        case .stopped(let signal): "stopped by \(signalName(signal)) before all was printed"
        }
    }
}
