import Glibc
import Subprocess

/// How a process that this one has started ended.
struct ChildEnd {
    let pid: pid_t
    let status: TerminationStatus
    /// The last line that it printed, where that is known.
    var lastWords: String?

    /// Whether nobody meant it to end: no exit status of Tern's own says why.
    var isCrash: Bool {
        switch status {
        case .exited(let code): !ExitStatus.isReasoned(code)
        case .signaled: true
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
