import Foundation
import Requirements
import Testing

/// A machine of a cluster: it runs Pods as a kubelet does, with its own network and name server.
///
/// Everything is in the namespaces of one process on the test's bench, and vanishes with it.
final class ClusterNode: Sendable {
    /// The namespaces that it consists of.
    static let namespaces = Requirement("root, and namespaces with a bridge and control groups") {
        canRun(["unshare"] + ownNamespaces + ["sh", "-c", setUp])
    }

    private static let ownNamespaces = [
        "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
    ]
    /// The commands that set up a new node: crun accepts only control groups of version 2.
    private static let setUp = """
        mount --make-rprivate / && \
        { ! mountpoint -q /sys/fs/cgroup || umount -R -l /sys/fs/cgroup; } && \
        mount -t cgroup2 none /sys/fs/cgroup && \
        ip link set lo up && ip link add pods type bridge && \
        ip address add 10.77.0.1/24 dev pods && ip link set pods up
        """

    let image: ContainerImage
    /// The folder for Pods' volumes, bundles and settings.
    let folder: String
    /// The run that the manifests name.
    var runFolder: RunFolder { RunFolder("\(name)/claims/tern-runs/mnist") }
    private let name: String
    private let holder: TernProcess
    private let nameServer: TernProcess

    /// Starts a node with this name, whose Pods run an image.
    init(_ name: String, of image: ContainerImage) async throws {
        (self.name, self.image, folder) = (name, image, bench.path(name))
        let manager = FileManager.default
        for name in ["claims/tern-runs", "claims/tern-data", "secrets/tern-key"] {
            try manager.createDirectory(
                atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        let resolver = """
            nameserver 10.77.0.1
            search tern.svc.cluster.local svc.cluster.local cluster.local
            options ndots:5

            """
        for (name, text) in [("resolv.conf", resolver), ("names", "")] {
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
        }
        holder = try bench.start(
            ["unshare"] + Self.ownNamespaces
                + ["sh", "-c", "\(Self.setUp) && echo up && exec sleep infinity"])
        try await holder.line("up")
        nameServer = try bench.start(
            Self.network(of: holder) + [
                "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root",
                "--pid-file", "--no-resolv", "--no-hosts", "--addn-hosts=\(folder)/names",
                "--local=/#/", "--interface=pods", "--bind-interfaces", "--log-facility=-",
            ])
        try await eventually("the name server: \(nameServer.errors)") {
            nameServer.errors.contains("started")
        }
    }

    private static func network(of process: TernProcess) -> [String] {
        ["nsenter", "--net=/proc/\(process.pid)/ns/net"]
    }

    /// Runs a command in the node's network.
    func run(_ command: [String]) async throws -> Ending {
        try await bench.start(Self.network(of: holder) + command).end()
    }

    /// Wraps a command so that it runs among the node's processes and mounts.
    private func inside(_ command: [String]) -> [String] {
        let namespaces = "/proc/\(holder.pid)/ns"
        return ["nsenter", "--mount=\(namespaces)/mnt", "--pid=\(namespaces)/pid_for_children"]
            + command
    }

    /// Starts a command of the container runtime, in the network of a process.
    func runtime(_ arguments: [String], network: TernProcess? = nil) throws -> TernProcess {
        let runtime = ["crun", "--cgroup-manager=disabled", "--root", "\(folder)/crun"]
        return try bench.start(
            Self.network(of: network ?? holder) + inside(runtime + arguments))
    }

    /// The text of a file as the node's processes see it.
    func look(at path: String) async throws -> String {
        try await bench.start(inside(["cat", path])).end().output
    }

    /// Creates a network for a Pod, and returns the process that holds it.
    func makeNetwork(address: String) async throws -> TernProcess {
        let pause = try bench.start([
            "unshare", "--net", "sh", "-c", "echo up && exec sleep infinity",
        ])
        try await pause.line("up")
        let script = """
            ip link add "veth$1" master pods type veth peer name eth0 netns "$1" && \
            ip link set "veth$1" up && nsenter --net="/proc/$1/ns/net" sh -c "ip link set lo up && \
            ip address add $2/24 dev eth0 && ip link set eth0 up && ip route add default via 10.77.0.1"
            """
        let ending = try await run(["sh", "-c", script, "sh", "\(pause.pid)", address])
        #expect(ending.status == 0, "\(ending)")
        return pause
    }

    /// Lets the name of a Service resolve to a Pod, or to nothing.
    func set(_ name: String, to address: String?) throws {
        let line = address.map { "\($0) \(name).tern.svc.cluster.local\n" } ?? ""
        let file = try #require(FileHandle(forWritingAtPath: "\(folder)/names"))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(line.utf8))
        try file.close()
        nameServer.signal(SIGHUP)
    }

    private var namespaceLinks: [String] {
        ["net", "mnt", "pid_for_children"].map { "/proc/\(holder.pid)/ns/\($0)" }
    }

    /// The names of the node's namespaces; they exist only while the node does.
    var namespaces: Set<String> {
        let manager = FileManager.default
        return Set(namespaceLinks.compactMap { try? manager.destinationOfSymbolicLink(atPath: $0) })
    }

    /// Opens the node's namespaces: until the caller closes them, the kernel gives their numbers to no other.
    func holdNamespaces() throws -> [Int32] {
        try namespaceLinks.map { link in
            let handle = open(link, O_RDONLY | O_CLOEXEC)
            try #require(handle >= 0, "\(link)")
            return handle
        }
    }

    /// Ends the node and everything on it, as in a power cut.
    func cut() async throws {
        holder.kill()
        nameServer.kill()
        _ = try await holder.end()
    }
}
