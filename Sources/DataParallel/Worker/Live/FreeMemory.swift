import Glibc

/// The memory that this process may still allocate: the minimum of what the machine has available and what its
/// control groups leave.
///
/// A process that allocates more is killed by a control group's limit, as in a container; elsewhere it slows
/// everything down, or is killed.
package struct FreeMemory {
    /// The folder of the system's files; empty except in tests.
    private let root: String

    /// The memory of the system whose files are under `root`.
    package init(root: String = "") { self.root = root }

    /// The free bytes; `Int.max` if unknown.
    package var byteCount: Int {
        max(0, ([available] + groups.map(room)).compactMap(\.self).min() ?? .max)
    }

    /// The bytes available without swapping, as the kernel estimates them.
    private var available: Int? {
        lines("/proc/meminfo").first { $0.hasPrefix("MemAvailable:") }
            .flatMap { line in line.split(separator: " ").dropFirst().first }
            .flatMap { Int($0) }.map { $0 * 1024 }
    }

    /// A control group: its folder, and the names of its files in this version.
    private struct Group {
        let folder: String
        let limit: String
        let usage: String
        let reclaimable: String
    }

    /// This process's groups and their ancestors, each of which has its own limit.
    private var groups: [Group] {
        lines("/proc/self/cgroup").flatMap { line -> [Group] in
            // For example `0::/user.slice` in version 2, and `4:memory:/docker/1f` in version 1.
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return [] }
            let isSecond = parts[0] == "0" && parts[1].isEmpty
            guard isSecond || parts[1].split(separator: ",").contains("memory") else { return [] }
            let mount = isSecond ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
            return Self.ancestors(of: parts[2]).map { path in
                isSecond
                    ? Group(
                        folder: mount + path, limit: "memory.max", usage: "memory.current",
                        reclaimable: "inactive_file ")
                    : Group(
                        folder: mount + path, limit: "memory.limit_in_bytes",
                        usage: "memory.usage_in_bytes", reclaimable: "total_inactive_file ")
            }
        }
    }

    /// `/a/b`, `/a` and the empty path, where a container finds its own group.
    private static func ancestors(of path: Substring) -> [String] {
        let names = path.split(separator: "/")
        return (0...names.count).reversed().map { count in
            names.prefix(count).map { "/" + $0 }.joined()
        }
    }

    /// The bytes that a group leaves; nil if it sets no limit.
    ///
    /// Inactive file pages count as free, because the kernel reclaims them before an allocation fails.
    private func room(in group: Group) -> Int? {
        guard let limit = number("\(group.folder)/\(group.limit)"),
            let usage = number("\(group.folder)/\(group.usage)")
        else { return nil }
        let reclaimable = lines("\(group.folder)/memory.stat")
            .first { $0.hasPrefix(group.reclaimable) }
            .flatMap { Int($0.dropFirst(group.reclaimable.count)) }
        return limit - max(0, usage - (reclaimable ?? 0))
    }

    private func number(_ path: String) -> Int? { lines(path).first.flatMap { Int($0) } }

    /// The lines of a small file; none if it cannot be read.
    private func lines(_ path: String) -> [Substring] {
        let descriptor = open(root + path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(descriptor, &bytes, bytes.count)
        guard count > 0 else { return [] }
        return String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n")
    }
}
