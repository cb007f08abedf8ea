import Files
import FoundationEssentials
import Glibc
import Logging
import ZeroMQ

/// The destination of a process's events: standard output, and the run's log and `events.jsonl`.
///
/// On a terminal the last line is a progress bar, and nothing is printed below it.
///
/// Logging never waits: a separate thread prints. If its reader is slow, progress lines are counted
/// and left out of the output. The files contain all of them.
public final class LogSink: Sendable {
    private struct State {
        var files: (thread: RecordThread, log: Int32, path: String, events: EventsFile?)?
        var progress = ""
        var isProgressDue = false
        var lastProgress: ContinuousClock.Instant?
        /// The number of lines left out since the last printed line.
        var leftOut = 0
    }
    private let state = Locked(State())
    private let thread = BackgroundThread(name: "tern-output")
    /// The progress bar on the screen, and the first error while printing.
    private let screen = Locked((progress: "", failure: OutputError?.none))
    private let form: LogForm
    private let isTerminal: Bool

    /// The limits of bytes that wait to be printed, above which lines are left out.
    private static let mostWaiting = (progress: 1 << 16, others: 1 << 24)

    /// A sink that prints to standard output.
    public init(_ form: LogForm = .plain) {
        self.form = form
        isTerminal = form == .plain && takesEscapes(STDOUT_FILENO)
    }

    /// Also writes all further events to a run's open log and events file, on the record's thread.
    public func add(log: Int32, path: String, events: EventsFile?, on thread: RecordThread) {
        state.withLock { $0.files = (thread, log, path, events) }
    }

    /// Prints and logs an event if it is urgent enough, and always writes it to the events file.
    ///
    /// - Parameter isProgress: whether it may be left out if the reader is slow; such lines go to
    ///   the metrics instead of the events file.
    public func emit(_ line: EventLine, from level: Logger.Level, isProgress: Bool = false) {
        let line = line.plain
        let isUrgent = line.urgency >= level
        state.withLock { state in
            note(line, isUrgent: isUrgent, isProgress: isProgress, state)
            guard isUrgent else { return }
            let most = isProgress ? Self.mostWaiting.progress : Self.mostWaiting.others
            if thread.waitingBytes > most {
                state.leftOut += 1
            } else {
                print([line], isUrgent: !isProgress, after: &state)
            }
        }
    }

    private func note(_ line: EventLine, isUrgent: Bool, isProgress: Bool, _ state: State) {
        guard let (thread, log, path, events) = state.files else { return }
        if isUrgent, let message = line.message {
            thread.perform(bytes: message.utf8.count + 48, isUrgent: !isProgress) {
                () throws(FileError) in
                let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
                let time = Date(timeIntervalSince1970: line.time).formatted(style)
                let text = "\(time) \(line.level) \(message)\n"
                try Files.writeAll(Array(text.utf8), to: log, path: path)
            }
        }
        if !isProgress, let events {
            thread.perform(bytes: MemoryLayout<EventLine>.size + (line.text?.utf8.count ?? 0)) {
                () throws(FileError) in try events.append(line)
            }
        }
    }

    /// Prints a result without logging it.
    ///
    /// With JSON output nothing is printed, because the event of the run's end has the result.
    public func show(_ text: String) {
        guard form != .json else { return }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        state.withLock { state in
            print(lines.map { EventLine(now: "log", .notice, String($0)) }, after: &state)
        }
    }

    private func print(_ lines: [EventLine], isUrgent: Bool = true, after state: inout State) {
        var lines = lines
        if state.leftOut > 0 {
            let left = state.leftOut == 1 ? "line is" : "lines are"
            lines.insert(
                EventLine(
                    now: "log", .notice,
                    "\(state.leftOut) \(left) left out here: the reader of this output is too slow"),
                at: 0)
            state.leftOut = 0
        }
        let bytes = lines.reduce(0) { $0 + ($1.text?.utf8.count ?? 0) + 64 }
        thread.perform(bytes: bytes, isUrgent: isUrgent) { [screen, form, lines] in
            let text = lines.compactMap { form.text(of: $0) }.map { "\($0)\n" }.joined()
            guard !text.isEmpty else { return }
            screen.withLock { screen in
                let clear = screen.progress.isEmpty ? "" : Self.clear
                let bytes = Array("\(clear)\(text)\(screen.progress)".utf8)
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

    /// Updates the progress bar, at most ten times a second and only on a terminal.
    func showProgress(_ text: (_ width: Int) -> String) {
        guard isTerminal else { return }
        state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.lastProgress, now - last < .milliseconds(100) { return }
            state.lastProgress = now
            draw(text(Self.terminalWidth), &state)
        }
    }

    /// Clears a last line that another process left on the terminal.
    public func clearLine() {
        guard isTerminal else { return }
        thread.perform { [screen] in screen.withLock { $0.progress = " " } }
        state.withLock { draw("", &$0) }
    }

    /// Removes the progress bar.
    public func endProgress() { if isTerminal { state.withLock { draw("", &$0) } } }

    /// Makes the thread draw the newest bar; a slow terminal skips the ones in between.
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

    /// Waits until everything is printed and written to the run's files.
    ///
    /// - Parameters:
    ///   - signals: the signals that may stop the wait.
    ///   - patience: the timeout for a slow reader; nil for none.
    /// - Throws: ``OutputError`` if a line could not be printed.
    public func finish(
        hearing signals: SignalSource? = nil, patience: Duration? = nil
    ) throws(OutputError) {
        endProgress()
        let record = state.withLock { state in
            if state.leftOut > 0 { print([], after: &state) }
            return state.files?.thread
        }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .failed(code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        // The thread closes the pipe's other end after all earlier work.
        let conclude: @Sendable () -> Void = { [thread, end = ends[1]] in
            thread.perform { close(end) }
        }
        if let record { record.flush { _ in conclude() } } else { conclude() }
        try Output.wait(forEndOf: ends[0], hearing: signals, patience: patience)
        if let failure = screen.withLock({ $0.failure }) { throw failure }
    }
}
