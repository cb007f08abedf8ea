import Bounds
import FoundationEssentials
import Glibc
import Logging
import Training
import ZeroMQ

/// Where log lines go: plain to the terminal or pipe, with time and level to the run's log file.
///
/// On a terminal the last line is a progress bar, below which nothing is ever printed.
///
/// Whoever logs never waits: a thread of its own prints, and where its reader is slow, lines of progress
/// are left out of what it prints, and counted. The file has them all.
public final class LogSink: Sendable {
    private struct State {
        var file: (thread: RecordThread, descriptor: Int32, path: String)?
        var progress = ""
        var isProgressDue = false
        var lastProgress: ContinuousClock.Instant?
        /// The lines of progress that were left out since the last line.
        var leftOut = 0
    }
    private let state = Locked(State())
    private let thread = BackgroundThread(name: "tern-output")
    /// What the thread has on the terminal's last line, and what kept it from printing a line.
    private let screen = Locked((progress: "", failure: OutputError?.none))
    private let isTerminal: Bool

    /// The bytes that may wait for the reader before lines of progress are left out, and others.
    private static let mostWaiting = (progress: 1 << 16, others: 1 << 24)

    /// A sink that prints to standard output.
    public init() { isTerminal = takesEscapes(STDOUT_FILENO) }

    /// Writes all further lines to an open file too, on the thread of the run's record.
    public func add(file: Int32, path: String, on thread: RecordThread) {
        state.withLock { $0.file = (thread, file, path) }
    }

    /// Prints a line, and notes it in the file.
    func log(_ level: Logger.Level, _ message: String, isProgress: Bool = false) {
        let message = plainText(message)
        let mark = level >= .warning ? "\(level): " : ""
        let time = Date.now
        state.withLock { state in
            if let (thread, file, path) = state.file {
                thread.perform(bytes: message.utf8.count + 48) { () throws(FileError) in
                    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
                    let line = "\(time.formatted(style)) \(level) \(message)\n"
                    try Files.writeAll(Array(line.utf8), to: file, path: path)
                }
            }
            let most = isProgress ? Self.mostWaiting.progress : Self.mostWaiting.others
            if thread.waitingBytes > most {
                state.leftOut += 1
            } else {
                print(mark + message, after: &state)
            }
        }
    }

    /// Prints a result; it is not logged.
    public func show(_ text: String) { state.withLock { print(text, after: &$0) } }

    private func print(_ text: String, after state: inout State) {
        var text = text
        if state.leftOut > 0 {
            let lines = state.leftOut == 1 ? "line is" : "lines are"
            text =
                "\(state.leftOut) \(lines) left out here: the reader of this output is too slow\n"
                + text
            state.leftOut = 0
        }
        thread.perform(bytes: text.utf8.count) { [screen, text] in
            screen.withLock { screen in
                let clear = screen.progress.isEmpty ? "" : Self.clear
                let bytes = Array("\(clear)\(text)\n\(screen.progress)".utf8)
                do throws(OutputError) {
                    try Output.write(bytes, to: STDOUT_FILENO)
                } catch {
                    screen.failure = screen.failure ?? error
                }
            }
        }
    }

    // MARK: - The progress bar

    private static let clear = "\r\u{1B}[K"

    /// Renews the progress bar, at most ten times a second; does nothing in a pipe.
    func showProgress(_ text: (_ width: Int) -> String) {
        guard isTerminal else { return }
        state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.lastProgress, now - last < .milliseconds(100) { return }
            state.lastProgress = now
            draw(text(Self.terminalWidth), &state)
        }
    }

    /// Takes away what another process has left on the terminal's last line.
    public func clearLine() {
        guard isTerminal else { return }
        thread.perform { [screen] in screen.withLock { $0.progress = " " } }
        state.withLock { draw("", &$0) }
    }

    /// Takes the progress bar away.
    public func endProgress() { if isTerminal { state.withLock { draw("", &$0) } } }

    /// Has the thread draw the newest bar; on a slow terminal those before it are never drawn.
    private func draw(_ progress: String, _ state: inout State) {
        state.progress = progress
        guard !state.isProgressDue else { return }
        state.isProgressDue = true
        thread.perform { [self] in
            let progress = self.state.withLock { state in
                state.isProgressDue = false
                return state.progress
            }
            screen.withLock { screen in
                guard progress != screen.progress else { return }
                screen.progress = progress
                try? Output.write(Array((Self.clear + progress).utf8), to: STDOUT_FILENO)
            }
        }
    }

    private static var terminalWidth: Int {
        var size = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return isKnown ? Int(size.ws_col) : 80
    }

    // MARK: - The end

    /// Waits until all is printed.
    ///
    /// - Parameters:
    ///   - signals: what may ask to stop meanwhile.
    ///   - patience: how long to wait for a slow reader; nil for as long as it takes.
    /// - Throws: ``OutputError`` if a line could not be printed.
    public func finish(
        hearing signals: SignalSource? = nil, patience: Duration? = nil
    ) throws(OutputError) {
        endProgress()
        state.withLock { state in if state.leftOut > 0 { print("", after: &state) } }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .failed(code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        // The other end is closed when all before it is printed.
        thread.perform { [end = ends[1]] in close(end) }
        try Output.wait(forEndOf: ends[0], hearing: signals, patience: patience)
        if let failure = screen.withLock({ $0.failure }) { throw failure }
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
