import Glibc
import Synchronization

/// A pseudo-terminal with a process on one side and the test, as its user, on the other.
final class Terminal: Sendable {
    /// The path that a process opens to use the terminal.
    let path: String
    private let person: Int32
    /// Stays open, so that the output of an ended process can still be read.
    private let process: Int32
    private let shown = Mutex("")

    /// Opens a terminal with this many columns.
    init(columns: UInt16 = 80) throws {
        var (person, process): (Int32, Int32) = (-1, -1)
        var name = [CChar](repeating: 0, count: 128)
        var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        guard openpty(&person, &process, &name, nil, &size) == 0 else {
            throw TestFailure(description: "no terminal: \(String(cString: strerror(errno)))")
        }
        _ = fcntl(person, F_SETFD, FD_CLOEXEC)
        _ = fcntl(person, F_SETFL, O_NONBLOCK)
        _ = fcntl(process, F_SETFD, FD_CLOEXEC)
        self.person = person
        self.process = process
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        path = String(decoding: bytes, as: UTF8.self)
    }

    deinit {
        close(person)
        close(process)
    }

    /// Presses Ctrl-C.
    func pressControlC() { press(3) }

    /// Presses a key.
    func press(_ key: UInt8) { write(person, [key], 1) }

    /// All text shown so far; read it now and then, or the process blocks.
    var text: String {
        shown.withLock { shown in
            var buffer = [UInt8](repeating: 0, count: 4096)
            while case let count = read(person, &buffer, buffer.count), count > 0 {
                shown += String(decoding: buffer.prefix(count), as: UTF8.self)
            }
            return shown
        }
    }

    /// Whether the terminal echoes and buffers lines, as a shell leaves it.
    var isUsual: Bool {
        var settings = termios()
        let usual = tcflag_t(ECHO | ICANON | ISIG)
        return tcgetattr(process, &settings) == 0 && settings.c_lflag & usual == usual
    }

    /// Waits until a text is shown.
    func shows(_ part: String) async throws {
        try await eventually("\"\(part)\" on the terminal, which shows\n\(text)") {
            text.contains(part)
        }
    }
}
