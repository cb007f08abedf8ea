import FoundationEssentials
import Glibc
import Requirements
import Testing

/// A small Debian that systemd has booted in a container without a network.
///
/// What is written there is in memory, and gone with the container.
struct BootedDebian {
    /// Its folder, which `Scripts/test` makes.
    private static let folder = packagePath(".build/debian")

    /// That one has been made.
    static let system = Requirement("the small Debian in .build/debian, which Scripts/test makes") {
        FileManager.default.fileExists(atPath: folder)
    }

    /// The first process there.
    private let leader: pid_t

    /// Boots one for as long as `body` takes, and leaves nothing of it.
    ///
    /// - Parameter share: a folder of this machine that is `/share` there.
    static func whileBooted(
        share: String, _ body: (BootedDebian) async throws -> Void
    ) async throws {
        // Control groups of its own, so that they can be removed: systemd-nspawn leaves them.
        let group = "tern-test-\(UUID())"
        let container = try start(in: group, share: share)
        let result: Result<Void, any Error>
        do {
            // Before that, systemd-nspawn has other children.
            try await eventually("a system:\n\(container.output)") {
                container.output.contains("Multi-User System")
            }
            result = .success(try await body(BootedDebian(leader: child(of: container))))
        } catch {
            result = .failure(error)
        }
        // All processes of the container end with its first.
        kill((try? child(of: container)) ?? container.pid, SIGKILL)
        try await container.end()
        let script = "find /sys/fs/cgroup -depth -type d -path \"*/$0*\" -exec rmdir {} +"
        let removal = try await bench.start(["sh", "-c", script, group]).end()
        #expect(removal.status == 0, "\(removal)")
        try result.get()
    }

    private static func start(in group: String, share: String) throws -> TernProcess {
        let script = """
            for tree in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
                [ ! -e "$tree/cgroup.procs" ] || { mkdir "$tree/$0" && echo $$ >"$tree/$0/cgroup.procs"; }
            done
            exec "$@"
            """
        return try bench.start(
            ["sh", "-c", script, group, "systemd-nspawn", "--quiet", "--register=no"]
                + ["--keep-unit", "--private-network", "--volatile=overlay"]
                + ["--directory", Self.folder, "--bind-ro=\(share):/share", "--boot"])
    }

    private static func child(of container: TernProcess) throws -> pid_t {
        let children = try readFile("/proc/\(container.pid)/task/\(container.pid)/children")
        let pids = String(decoding: children, as: UTF8.self).split(separator: " ")
        return try #require(pids.first.flatMap { pid_t($0) }, "the container has no process")
    }

    /// Runs a command there that must succeed, and gives what it prints.
    @discardableResult
    func run(
        _ command: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let enter = ["nsenter", "--all", "--target", "\(leader)", "--"]
        let ending = try await bench.start(enter + command).end()
        try #require(ending.status == 0, "\(command): \(ending)", sourceLocation: sourceLocation)
        return ending.output
    }

    /// What a program of this machine is run with in its network.
    var inNetwork: [String] { ["nsenter", "--net", "--target", "\(leader)", "--"] }

    /// The path under which this machine sees a file.
    func path(_ name: String) -> String { "/proc/\(leader)/root\(name)" }
}
