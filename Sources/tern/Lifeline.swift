import Glibc
import Synchronization
import SystemPackage
import ZeroMQ

/// A pipe that ends this process's children when this process ends.
///
/// Each child's standard input is the reading end of one pipe, whose writing end only this process
/// holds. However this process ends, even by SIGKILL, the kernel closes the writing end, and the
/// children end.
final class Lifeline: Sendable {
    /// The standard input of the children.
    let readEnd: FileDescriptor
    private let writeEnd: Mutex<FileDescriptor?>

    /// Makes a pipe with a number of restarts for a ``RestartBudget`` at its reading end.
    init(restarts: Int = 0) throws {
        let pipe = try FileDescriptor.pipe()
        // A child that also held the writing end would never see it close.
        for end in [pipe.readEnd, pipe.writeEnd] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
        try pipe.writeEnd.writeAll([UInt8](repeating: 0, count: restarts))
        readEnd = pipe.readEnd
        writeEnd = Mutex(pipe.writeEnd)
    }

    deinit {
        cut()
        try? readEnd.close()
    }

    /// Tells the children to end.
    func cut() {
        writeEnd.withLock { end in
            try? end?.close()
            end = nil
        }
    }

    /// Whether ``cut()`` was called.
    var isCut: Bool { writeEnd.withLock { $0 == nil } }

    /// Ends this process when its parent ends.
    static func endWithParent() { whenParentEnds { _exit(ExitStatus.workersEnded) } }

    /// Runs `work` on its own thread when the parent ends or wants this process to end.
    static func whenParentEnds(_ work: @escaping @Sendable () -> Void) {
        let thread = NativeThread.start(name: "tern-lifeline") {
            // Waits only for the pipe's end, not for its data.
            var input = pollfd(fd: STDIN_FILENO, events: 0, revents: 0)
            while poll(&input, 1, -1) < 0 && errno == EINTR {}
            work()
        }
        pthread_detach(thread)
    }
}

/// The remaining restarts after crashes: bytes in the pipe of a ``Lifeline``.
///
/// So a supervisor and its successive coordinators share one budget for all crashes.
struct RestartBudget {
    /// No restarts.
    static let none = RestartBudget(pipe: nil)

    private let pipe: Int32?

    private init(pipe: Int32?) { self.pipe = pipe }

    /// The budget in the pipe of a lifeline's reading end.
    init(_ readEnd: FileDescriptor) {
        let flags = fcntl(readEnd.rawValue, F_GETFL)
        _ = fcntl(readEnd.rawValue, F_SETFL, flags | O_NONBLOCK)
        pipe = readEnd.rawValue
    }

    /// Takes one restart and returns how many are left; nil if there was none.
    func take() -> Int? {
        var byte: UInt8 = 0
        guard let pipe, read(pipe, &byte, 1) == 1 else { return nil }
        var left: Int32 = 0
        return ioctl(pipe, UInt(FIONREAD), &left) == 0 ? Int(left) : 0
    }
}
