import DataParallel
import Foundation
import Testing

/// A test writes the files in which a machine describes its memory.
@Suite("The memory that a worker may take") final class FreeMemoryTests {
    private let root = FileManager.default.temporaryDirectory.appending(
        path: "tern-memory-\(UUID())"
    )
    .path(percentEncoded: false)

    deinit { try? FileManager.default.removeItem(atPath: root) }

    private func write(_ path: String, _ text: String) throws {
        let url = URL(filePath: root + path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    /// A machine with 8,000 KiB available.
    private func machine(_ groups: String) throws -> FreeMemory {
        try write(
            "/proc/meminfo", "MemTotal:       16000 kB\nMemFree:   10 kB\nMemAvailable:   8000 kB\n"
        )
        try write("/proc/self/cgroup", groups)
        return FreeMemory(root: root)
    }

    @Test("is the machine's available memory if no cgroup limits it")
    func available() throws {
        let memory = try machine("0::/user.slice\n")
        try write("/sys/fs/cgroup/user.slice/memory.max", "max\n")
        try write("/sys/fs/cgroup/user.slice/memory.current", "1000\n")
        #expect(memory.byteCount == 8_192_000)
    }

    @Test("is what the tightest cgroup leaves, where inactive file pages count as free")
    func second() throws {
        let memory = try machine("0::/jobs/one\n")
        try write("/sys/fs/cgroup/jobs/one/memory.max", "5000000\n")
        try write("/sys/fs/cgroup/jobs/one/memory.current", "100\n")
        try write("/sys/fs/cgroup/jobs/memory.max", "4000000\n")
        try write("/sys/fs/cgroup/jobs/memory.current", "3000000\n")
        #expect(memory.byteCount == 1_000_000)
        try write("/sys/fs/cgroup/jobs/memory.stat", "anon 5\ninactive_file 500000\nfile 1\n")
        #expect(memory.byteCount == 1_500_000)
        try write("/sys/fs/cgroup/jobs/memory.max", "2000000\n")
        #expect(memory.byteCount == 0)
    }

    @Test("is limited by cgroups of version 1, and by a container's own at the root")
    func first() throws {
        let memory = try machine("5:cpu:/\n4:memory:/docker/1f\n0::/\n")
        try write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "3000000\n")
        try write("/sys/fs/cgroup/memory/memory.usage_in_bytes", "1000000\n")
        try write("/sys/fs/cgroup/memory/memory.stat", "cache 9\ntotal_inactive_file 200000\n")
        #expect(memory.byteCount == 2_200_000)
    }

    @Test("is unknown if the system reports nothing, and known on this machine")
    func unknown() {
        #expect(FreeMemory(root: root).byteCount == .max)
        #expect((1 << 20..<1 << 50).contains(FreeMemory().byteCount))
    }
}
