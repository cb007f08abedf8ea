import FoundationEssentials
import Glibc
import Synchronization

/// How a process ended: its exit status, or 128 plus the signal that killed it, as in shells.
struct Ending {
    let status: Int32
    let output: String
    let errors: String

    var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
}

/// A process of a test; its output goes to files, which the test reads.
final class TernProcess: Sendable {
    let pid: pid_t
    private let command: [String]
    private let outputPath: String
    private let errorsPath: String
    private let status = Mutex<Int32?>(nil)

    /// Starts a process as the leader of a new session.
    ///
    /// - Parameter terminal: the path of a terminal for its input and output, which also becomes its
    ///   controlling terminal.
    init(
        _ command: [String], environment: [String], folder: String, output: String, errors: String,
        terminal: String?
    ) throws {
        self.command = command
        outputPath = output
        errorsPath = errors
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        let create = O_WRONLY | O_CREAT | O_TRUNC
        // The first terminal that a session's leader opens becomes its controlling terminal.
        posix_spawn_file_actions_addopen(&files, 0, terminal ?? "/dev/null", O_RDWR, 0)
        if terminal == nil {
            posix_spawn_file_actions_addopen(&files, 1, output, create, 0o644)
        } else {
            posix_spawn_file_actions_adddup2(&files, 0, 1)
        }
        posix_spawn_file_actions_addopen(&files, 2, errors, create, 0o644)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        // The parent of the tests may have set some to be ignored, as `nohup` does with SIGHUP.
        for signal in [SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGXFSZ] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let newSession: Int32 = 0x80  // POSIX_SPAWN_SETSID, which Swift's Glibc does not define
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | newSession
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var pid: pid_t = 0
        // The test sees in time what its processes do, however many of them compute.
        let nice = ["nice", "-n", "5", "env", "-C", folder]
        let code = withCStrings(nice + command) { arguments in
            withCStrings(environment) { environment in
                starting.withLock { _ in
                    posix_spawnp(&pid, "nice", &files, &attributes, arguments, environment)
                }
            }
        }
        guard code == 0 else {
            let reason = String(cString: strerror(code))
            throw TestFailure(description: "cannot start \(command): \(reason)")
        }
        self.pid = pid
        // Linux may share processors between sessions, whatever the processes in them are worth.
        if let file = fopen("/proc/\(pid)/autogroup", "w") {
            fputs("5", file)
            fclose(file)
        }
    }

    // MARK: - Output

    var output: String { text(of: outputPath) }
    var errors: String { text(of: errorsPath) }

    /// Waits for a complete line on standard output that contains a text.
    @discardableResult
    func line(_ part: String) async throws -> String {
        try await eventually("a line with \"\(part)\" of\n\(output)\n\(errors)") {
            let isOver = hasEnded
            let lines = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = lines.first(where: { $0.contains(part) }) { return String(line) }
            guard !isOver else {
                throw TestFailure(description: "ended without \"\(part)\":\n\(output)\n\(errors)")
            }
            return nil
        }
    }

    private func size(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    private func text(of path: String) -> String {
        String(decoding: (try? Data(contentsOf: URL(filePath: path))) ?? Data(), as: UTF8.self)
    }

    // MARK: - End

    /// Sends the process a signal, unless it has ended.
    func signal(_ signal: Int32) {
        status.withLock { status in
            if status == nil { _ = Glibc.kill(pid, signal) }
        }
    }

    /// Kills the process.
    func kill() { signal(SIGKILL) }

    /// Waits for the process to end, as long as it keeps printing.
    @discardableResult
    func end() async throws -> Ending {
        try await eventually(
            "the end of process \(pid), \(command):\n\(output)\n\(errors)",
            progress: { size(of: outputPath) + size(of: errorsPath) }
        ) { hasEnded ? () : nil }
        let status = status.withLock { $0 } ?? 0
        return Ending(status: status, output: output, errors: errors)
    }

    var hasEnded: Bool { look(WNOHANG) }

    /// Collects the exit status after a kill.
    func reap() { _ = look(0) }

    private func look(_ options: Int32) -> Bool {
        status.withLock { status in
            guard status == nil else { return true }
            var word: Int32 = 0
            guard waitpid(pid, &word, options) == pid else { return false }
            let signal = word & 0x7F
            status = signal == 0 ? (word >> 8) & 0xFF : 128 + signal
            return true
        }
    }
}

/// Calls `body` with a null-terminated array of C strings.
private func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let copies = strings.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return body(copies)
}

/// Held while a process starts, or a program is written.
private let starting = Mutex(())

/// Writes a program that processes can run.
///
/// No process starts meanwhile: until its `exec` it would have the file open for writing, and Linux runs no such
/// file.
func writeProgram(_ text: String, to path: String) throws {
    try starting.withLock { _ in
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }
}
