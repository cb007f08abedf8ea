import Glibc

/// The system denies a process something that it needs.
public enum ResourceError: Error, CustomStringConvertible, Equatable {
    /// Only `possible` of the needed threads can be started.
    case threads(ThreadLimit, possible: Int, needed: Int)
    /// The process may have this many open files and connections, and needs more.
    case descriptors(limit: Int, needed: Int)

    /// One line that names the limit, the number needed, and what to do.
    public var description: String {
        switch self {
        case .threads(let limit, let possible, let needed):
            "\(needed) threads are needed, but only \(possible) can be started: \(limit); raise "
                + "that limit"
        case .descriptors(let limit, let needed):
            "this process may have \(limit) open files and connections (ulimit -n), but needs "
                + "\(needed): raise the limit"
        }
    }

    /// Writes this error to standard error and ends the process, where no caller could catch it.
    ///
    /// Only for resources that were available before and that other processes have taken since.
    func endProcess() -> Never {
        let line = Array("tern: error: \(description)\n".utf8)
        write(STDERR_FILENO, line, line.count)
        _exit(69)
    }
}

/// The limit on the number of threads.
public enum ThreadLimit: Sendable, Equatable, CustomStringConvertible {
    /// The processes and threads of this user (`ulimit -u`).
    case user(Int)
    /// The processes and threads of the control group.
    case controlGroup(Int)
    /// Another limit of the system, or its memory.
    case system

    /// The lowest limit.
    static var current: ThreadLimit {
        var limit = rlimit()
        let isKnown = getrlimit(__rlimit_resource_t(__RLIMIT_NPROC.rawValue), &limit) == 0
        let ofUser =
            isKnown && limit.rlim_cur < UInt.max / 2 ? Int(clamping: limit.rlim_cur) : Int.max
        let ofGroup = controlGroupLimit ?? .max
        guard min(ofUser, ofGroup) < .max else { return .system }
        return ofUser <= ofGroup ? .user(ofUser) : .controlGroup(ofGroup)
    }

    /// The number of threads of this process.
    static var runningThreads: Int {
        let line = lines(of: "/proc/self/status").first { $0.hasPrefix("Threads:") }
        return line.flatMap { Int($0.dropFirst(9)) } ?? 1
    }

    /// The name and the number of the limit.
    public var description: String {
        switch self {
        case .user(let limit):
            "this user may have \(limit) processes and threads in all (ulimit -u)"
        case .controlGroup(let limit):
            "this control group may have \(limit) processes and threads in all (pids.max)"
        case .system: "the system has no more (threads-max, or memory)"
        }
    }

    /// The limit of the process's control group, or of the next one above it that has one.
    private static var controlGroupLimit: Int? {
        guard let entry = lines(of: "/proc/self/cgroup").first(where: { $0.hasPrefix("0::/") })
        else { return nil }
        var path = entry.dropFirst(3)
        while true {
            let limit = lines(of: "/sys/fs/cgroup\(path)/pids.max").first.flatMap { Int($0) }
            if let limit { return limit }
            guard let slash = path.lastIndex(of: "/"), path.count > 1 else { return nil }
            path = path[..<slash]
        }
    }

    private static func lines(of path: String) -> [String] {
        guard let file = fopen(path, "re") else { return [] }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 4096)
        var lines: [String] = []
        while fgets(&buffer, Int32(buffer.count), file) != nil {
            let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            lines.append(String(decoding: bytes.filter { $0 != 10 }, as: UTF8.self))
        }
        return lines
    }
}
