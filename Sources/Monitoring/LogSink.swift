import FoundationEssentials
import Glibc
import Logging
import Synchronization
import Training

/// Where log lines go: plain to the terminal or pipe, with time and level to the run's log file.
///
/// On a terminal the last line is a progress bar, below which nothing is ever printed.
public final class LogSink: Sendable {
    private struct State {
        var file: Int32?
        var path = ""
        var progress = ""
        var lastProgress: ContinuousClock.Instant?
        var error: FileError?
    }
    private let state = Mutex(State())
    private let isTerminal: Bool

    /// A sink that prints to standard output.
    public init() { isTerminal = isatty(STDOUT_FILENO) == 1 }

    /// Writes all further lines to an open file too.
    public func add(file: Int32, path: String) {
        state.withLock { state in
            state.file = file
            state.path = path
        }
    }

    /// Prints a line, and notes it in the file.
    func log(_ level: Logger.Level, _ message: String) {
        let message = oneLine(message)
        state.withLock { state in
            let mark = level >= .warning ? "\(level): " : ""
            Self.print((isTerminal && !state.progress.isEmpty ? "\r\u{1B}[K" : "") + mark + message)
            if isTerminal, !state.progress.isEmpty { Self.print(state.progress, terminator: "") }
            guard let file = state.file, state.error == nil else { return }
            let time = Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            do throws(FileError) {
                let line = "\(time) \(level) \(message)\n"
                try Files.writeAll(Array(line.utf8), to: file, path: state.path)
            } catch {
                state.error = error
            }
        }
    }

    /// Renews the progress bar, at most ten times a second; does nothing in a pipe.
    func showProgress(_ text: (_ width: Int) -> String) {
        guard isTerminal else { return }
        state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.lastProgress, now - last < .milliseconds(100) { return }
            state.lastProgress = now
            state.progress = text(Self.terminalWidth)
            Self.print("\r\u{1B}[K" + state.progress, terminator: "")
        }
    }

    /// Takes away what another process has left on the terminal's last line.
    public func clearLine() { if isTerminal { Self.print("\r\u{1B}[K", terminator: "") } }

    /// Takes the progress bar away.
    public func endProgress() {
        state.withLock { state in
            if isTerminal, !state.progress.isEmpty { Self.print("\r\u{1B}[K", terminator: "") }
            state.progress = ""
        }
    }

    /// The first failure to write to the file.
    var error: FileError? { state.withLock { $0.error } }

    private static func print(_ text: String, terminator: String = "\n") {
        // A closed pipe is the reader's choice and no reason to stop training.
        try? Files.writeAll(Array((text + terminator).utf8), to: STDOUT_FILENO, path: "output")
    }

    private static var terminalWidth: Int {
        var size = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return isKnown ? Int(size.ws_col) : 80
    }
}

/// Hands swift-log's messages to a ``LogSink``.
public struct SinkLogHandler: LogHandler {
    private let sink: LogSink
    /// The least urgent level that is logged.
    public var logLevel: Logger.Level
    /// Context that swift-log adds; Tern's messages say all in their text.
    public var metadata: Logger.Metadata = [:]

    /// A handler for a sink.
    public init(_ sink: LogSink, level: Logger.Level) {
        self.sink = sink
        logLevel = level
    }

    /// One piece of context.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Logs a message.
    public func log(event: LogEvent) { sink.log(event.level, "\(event.message)") }
}
