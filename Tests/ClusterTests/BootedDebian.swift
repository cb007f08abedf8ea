import FoundationEssentials
import Glibc
import Requirements
import Testing

/// A small Debian that systemd has booted in a container without a network.
///
/// Its files are in memory, and vanish with the container.
struct BootedDebian {
    /// The container's folder, which `Scripts/test` makes.
    private static let folder = packagePath(".build/debian")

    /// The folder exists.
    static let system = Requirement("the small Debian in .build/debian, which Scripts/test makes") {
        FileManager.default.fileExists(atPath: folder)
    }

    /// The container's first process.
    private let leader: pid_t

    /// Boots a container, runs `body`, and removes everything.
    ///
    /// - Parameter share: a folder of this machine that is mounted there as `/share`.
    static func whileBooted(
        share: String, _ body: (BootedDebian) async throws -> Void
    ) async throws {
        // Own control groups, which this can remove: systemd-nspawn leaves its groups behind.
        let group = "tern-test-\(UUID())"
        let container = try start(in: group, share: share)
        let result: Result<Void, any Error>
        do {
            // Earlier, systemd-nspawn has other children.
            try await eventually("a system:\n\(container.output)") {
                container.output.contains("Multi-User System")
            }
            result = .success(try await body(BootedDebian(leader: child(of: container))))
        } catch {
            result = .failure(error)
        }
        // All processes of the container end with its first one.
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

    /// Runs a command in the container, expects success, and returns its output.
    @discardableResult
    func run(
        _ command: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let enter = ["nsenter", "--all", "--target", "\(leader)", "--"]
        let ending = try await bench.start(enter + command).end()
        try #require(ending.status == 0, "\(command): \(ending)", sourceLocation: sourceLocation)
        return ending.output
    }

    /// The command prefix that runs a program of this machine in the container's network.
    var inNetwork: [String] { ["nsenter", "--net", "--target", "\(leader)", "--"] }

    /// The path of a container's file on this machine.
    func path(_ name: String) -> String { "/proc/\(leader)/root\(name)" }
}
