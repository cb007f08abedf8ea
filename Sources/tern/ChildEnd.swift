import Glibc
import Launching
import Monitoring
import Subprocess

/// How a child process ended.
struct ChildEnd {
    let pid: pid_t
    let status: TerminationStatus
    /// The last line that it printed for people, if known.
    var lastWords: String?
    /// The last lines that it printed.
    var lastLines: [String] = []
    /// The host that it ran on; nil for this machine.
    var host: String?

    init(pid: pid_t, status: TerminationStatus, host: String? = nil) {
        (self.pid, self.status, self.host) = (pid, status, host)
    }

    /// The number of last lines kept for a run's summary.
    static let mostLines = 10

    /// Whether it crashed: its end has none of Tern's exit statuses.
    var isCrash: Bool {
        switch status {
        case .exited(let code): !ExitStatus.isReasoned(code)
        case .signaled: true
        }
    }

    /// Whether a signal asked it to stop.
    var isStopped: Bool {
        switch status {
        case .exited(let code): code > 128 && ExitStatus.isReasoned(code)
        case .signaled: false
        }
    }

    /// The failure of a run's process.
    func failure(of process: String) -> ProcessFailure {
        var failure = ProcessFailure(
            process: process, pid: Int(pid), lines: Array(lastLines.suffix(Self.mostLines)))
        switch status {
        case .exited(let code): failure.status = Int(code)
        case .signaled(let signal): failure.signal = Int(signal)
        }
        failure.host = host ?? failure.host
        return failure
    }

    /// A short description of the end.
    var reason: String {
        switch status {
        case .exited(let code):
            "exit status \(code)" + (lastWords.map { ", its last words: \($0)" } ?? "")
        case .signaled(let signal):
            "killed by signal \(signal) (\(String(cString: strsignal(signal))))"
        }
    }
}
