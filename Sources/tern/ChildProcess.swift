import Glibc
import Launching
import Monitoring
import Subprocess

/// How a process that this one has started ended.
struct ChildEnd {
    let pid: pid_t
    let status: TerminationStatus
    /// The last line that it printed for a person, where that is known.
    var lastWords: String?
    /// The last lines that it printed.
    var lastLines: [String] = []
    /// The host that it ran on; nil for this machine.
    var host: String?

    init(pid: pid_t, status: TerminationStatus, host: String? = nil) {
        (self.pid, self.status, self.host) = (pid, status, host)
    }

    /// How many last lines are kept for a run's summary.
    static let mostLines = 10

    /// Whether nobody meant it to end: no exit status of Tern's own says why.
    var isCrash: Bool {
        switch status {
        case .exited(let code): !ExitStatus.isReasoned(code)
        case .signaled: true
        }
    }

    /// Whether it has ended because a signal asked it to.
    var isStopped: Bool {
        switch status {
        case .exited(let code): code > 128 && ExitStatus.isReasoned(code)
        case .signaled: false
        }
    }

    /// The failure that this is of a process of the run.
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

    /// What became of it, in a few words.
    var reason: String {
        switch status {
        case .exited(let code):
            "exit status \(code)" + (lastWords.map { ", its last words: \($0)" } ?? "")
        case .signaled(let signal):
            "killed by signal \(signal) (\(String(cString: strsignal(signal))))"
        }
    }
}
