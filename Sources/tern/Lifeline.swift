import Glibc
import Synchronization
import SystemPackage
import ZeroMQ

/// What ties the processes that this one starts to its own life.
///
/// Each has as standard input the reading end of one pipe whose writing end only this process has.
/// However this process ends, even by SIGKILL, the kernel closes that end, and they end with it.
final class Lifeline: Sendable {
    /// What the processes get as standard input.
    let readEnd: FileDescriptor
    private let writeEnd: Mutex<FileDescriptor?>

    /// Makes a pipe that holds so many restarts, for a ``RestartBudget`` at its reading end.
    init(restarts: Int = 0) throws {
        let pipe = try FileDescriptor.pipe()
        // A process that held the writing end too would never see it close.
        for end in [pipe.readEnd, pipe.writeEnd] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
        try pipe.writeEnd.writeAll([UInt8](repeating: 0, count: restarts))
        readEnd = pipe.readEnd
        writeEnd = Mutex(pipe.writeEnd)
    }

    deinit {
        cut()
        try? readEnd.close()
    }

    /// Tells the processes to end.
    func cut() {
        writeEnd.withLock { end in
            try? end?.close()
            end = nil
        }
    }

    /// Whether the processes were told to end.
    var isCut: Bool { writeEnd.withLock { $0 == nil } }

    /// Ends this process at once when the one that started it ends.
    static func endWithParent() { whenParentEnds { _exit(ExitStatus.workersEnded) } }

    /// Does something, on a thread of its own, when the process that started this one ends or wants it to end.
    static func whenParentEnds(_ work: @escaping @Sendable () -> Void) {
        let thread = NativeThread.start(name: "tern-lifeline") {
            // Only the end of the pipe, not what it holds, ends this wait.
            var input = pollfd(fd: STDIN_FILENO, events: 0, revents: 0)
            while poll(&input, 1, -1) < 0 && errno == EINTR {}
            work()
        }
        pthread_detach(thread)
    }
}

/// The restarts of crashed processes that are left: bytes in the pipe of a ``Lifeline``.
///
/// So a supervisor and its coordinators, one after another, take from one stock, whoever crashes.
struct RestartBudget {
    /// No restarts.
    static let none = RestartBudget(pipe: nil)

    private let pipe: Int32?

    private init(pipe: Int32?) { self.pipe = pipe }

    /// The budget at the reading end of a lifeline.
    init(_ readEnd: FileDescriptor) {
        let flags = fcntl(readEnd.rawValue, F_GETFL)
        _ = fcntl(readEnd.rawValue, F_SETFL, flags | O_NONBLOCK)
        pipe = readEnd.rawValue
    }

    /// Takes one restart, and says how many are left then; nil if there was none.
    func take() -> Int? {
        var byte: UInt8 = 0
        guard let pipe, read(pipe, &byte, 1) == 1 else { return nil }
        var left: Int32 = 0
        return ioctl(pipe, UInt(FIONREAD), &left) == 0 ? Int(left) : 0
    }
}
