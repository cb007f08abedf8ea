import ArgumentParser
import Files
import Glibc
import Monitoring
import Watching
import ZeroMQ

/// Shows a run live in a terminal.
struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch a run in the terminal, or print a JSON object a second into a pipe.",
        discussion: "q quits; the run goes on.")

    @Argument(
        help: ArgumentHelp(
            "A run's folder, or one with runs in it, of which the newest is shown.",
            valueName: "run-or-dir"))
    var path = "runs"

    mutating func run() async throws {
        let path = path
        try await exitCleanly {
            let (watch, _) = try RunPlace.run(path)
            let signals = try SignalSource()
            if isatty(STDOUT_FILENO) == 1, isatty(STDIN_FILENO) == 1 {
                try LiveTerminal(signals).show(watch)
            } else {
                try Self.print(watch, signals)
            }
        }
    }

    /// Prints one object a second, until the run is over, a signal arrives, or the reader is gone.
    private static func print(_ watch: RunWatch, _ signals: SignalSource) throws {
        while true {
            let view = watch.poll()
            if view.isBehind { continue }
            try Output.line(jsonText(RunStatus(view), isSnakeCase: true), hearing: signals)
            if view.state.isOver { return }
            var sources = [
                pollfd(fd: signals.fileDescriptor, events: Int16(POLLIN), revents: 0),
                // Without events, this only notices that the other end is closed.
                pollfd(fd: STDOUT_FILENO, events: 0, revents: 0),
            ]
            _ = poll(&sources, 2, 1000)
            if sources[1].revents & Int16(POLLERR) != 0 { return }
            try LiveTerminal.check(signals, sources[0])
        }
    }
}

/// The terminal while it shows a run: an alternate screen without cursor and echo.
private struct LiveTerminal {
    private let signals: SignalSource

    init(_ signals: SignalSource) { self.signals = signals }

    /// Shows a run until the user types q or Ctrl-C, or a signal arrives.
    func show(_ watch: RunWatch) throws {
        var before = termios()
        tcgetattr(STDIN_FILENO, &before)
        var raw = before
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        // Switches to the alternate screen and hides the cursor; the end restores both.
        try Output.write(Array("\u{1B}[?1049h\u{1B}[?25l".utf8), to: STDOUT_FILENO)
        defer {
            try? Output.write(Array("\u{1B}[?25h\u{1B}[?1049l".utf8), to: STDOUT_FILENO)
            tcsetattr(STDIN_FILENO, TCSANOW, &before)
        }
        repeat { try draw(watch.poll()) } while try !isQuit()
    }

    private func draw(_ view: RunView) throws {
        var size = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let screen = TopScreen(
            view, columns: isKnown ? Int(size.ws_col) : 80, rows: isKnown ? Int(size.ws_row) : 24)
        // Clears only the end of each line, to avoid flicker.
        let text = screen.lines.joined(separator: "\u{1B}[K\r\n")
        try Output.write(
            Array("\u{1B}[H\(text)\u{1B}[K\u{1B}[J".utf8), to: STDOUT_FILENO, hearing: signals)
    }

    /// Waits a second for a key; whether it is one that quits.
    private func isQuit() throws -> Bool {
        var sources = [
            pollfd(fd: signals.fileDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&sources, 2, 1000)
        try Self.check(signals, sources[0])
        guard sources[1].revents != 0 else { return false }
        var keys = [UInt8](repeating: 0, count: 64)
        let count = read(STDIN_FILENO, &keys, keys.count)
        let quitting: Set<UInt8> = [UInt8(ascii: "q"), UInt8(ascii: "Q"), 3, 4]
        return count <= 0 || keys.prefix(count).contains(where: quitting.contains)
    }

    /// Throws if a signal asks to stop.
    static func check(_ signals: SignalSource, _ source: pollfd) throws(OutputError) {
        guard source.revents != 0 else { return }
        switch signals.read() {
        case .stop(let signal), .stopAtOnce(let signal): throw .stopped(signal: signal)
        case .checkpoint, nil: break
        }
    }
}
