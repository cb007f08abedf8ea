import Glibc

/// A failed process of a run: its name, machine, exit and last lines.
public struct ProcessFailure: Codable, Sendable, Equatable {
    /// Its role: `coordinator`, or `worker 1` for the worker of `logs/worker-1.log`.
    public var process: String
    /// Its machine.
    public var host: String
    /// Its process ID.
    public var pid: Int
    /// Its exit status; nil if a signal killed it.
    public var status: Int?
    /// The signal that killed it.
    public var signal: Int?
    /// The last lines that it printed.
    public var lines: [String]

    /// A failure of a process on this machine.
    public init(
        process: String, pid: Int, status: Int? = nil, signal: Int? = nil, lines: [String]
    ) {
        self.process = process
        host = EventLine.ownHost
        self.pid = pid
        self.status = status
        self.signal = signal
        self.lines = lines
    }

    /// One line for people.
    public var text: String {
        let end =
            if let signal {
                "was killed by signal \(signal) (\(String(cString: strsignal(Int32(clamping: signal)))))"
            } else {
                "ended with exit status \(status ?? 0)"
            }
        let words = lines.isEmpty ? "" : "; it said last: \(lines.joined(separator: " | "))"
        return "the first failure: \(process), process \(pid) on \(host), \(end)\(words)"
    }
}
