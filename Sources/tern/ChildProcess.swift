import Glibc
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
        let lines = Array(lastLines.suffix(Self.mostLines))
        switch status {
        case .exited(let code):
            return ProcessFailure(process: process, pid: Int(pid), status: Int(code), lines: lines)
        case .signaled(let signal):
            return ProcessFailure(
                process: process, pid: Int(pid), signal: Int(signal), lines: lines)
        }
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

extension SubprocessOutputSequence {
    /// Calls `body` with each line as it is printed, the last one whether it is complete or not.
    func forEachLine(
        isolation: isolated (any Actor)? = #isolation, _ body: (String) -> Void
    ) async throws {
        let longest = 4096
        var open: [UInt8] = []
        for try await buffer in self {
            let bytes = open + buffer.withUnsafeBytes { Array($0) }
            let parts = bytes.split(
                separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            for line in parts.dropLast() { body(String(decoding: line, as: UTF8.self)) }
            open = (parts.last ?? []).suffix(longest)
        }
        if !open.isEmpty { body(String(decoding: open, as: UTF8.self)) }
    }
}
