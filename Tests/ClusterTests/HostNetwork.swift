import Foundation
import Requirements
import TestSupport
import Testing

/// Hosts on this machine with separate networks, processes, users and homes, and a real sshd each.
struct HostNetwork {
    private static let script = packagePath("Tests/ClusterTests/Fixtures/host-network")
    private static let ownNamespaces = [
        "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
    ]

    /// The namespaces that hosts consist of.
    static let namespaces = Requirement("root, and namespaces with a bridge and a tmpfs") {
        canRun(ownNamespaces + ["sh", "-c", "ip link add x type bridge && mount -t tmpfs t /run"])
    }

    private let folder: String
    private let process: TernProcess

    /// Creates hosts, and waits until their sshd listens.
    ///
    /// - Parameter prepare: changes the folder of each host before the host starts.
    init(_ count: Int, prepare: (_ host: Int, _ folder: String) throws -> Void = { _, _ in })
        async throws
    {
        folder = bench.path("hosts")
        for number in 1...count {
            let own = "\(folder)/\(number)"
            try FileManager.default.createDirectory(
                atPath: "\(own)/bin", withIntermediateDirectories: true)
        }
        for key in ["host-id", "user-id"] {
            let maker = try bench.start(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(folder)/\(key)"])
            #expect(try await maker.end().status == 0)
        }
        for number in 1...count {
            let own = "\(folder)/\(number)"
            try FileManager.default.copyItem(
                atPath: "\(folder)/user-id.pub", toPath: "\(own)/authorized")
            try prepare(number, own)
        }
        let settings = """
            IdentityFile \(folder)/user-id
            IdentitiesOnly yes
            StrictHostKeyChecking no
            UserKnownHostsFile /dev/null
            LogLevel ERROR
            """
        try Data("\(settings)\n".utf8).write(to: URL(filePath: "\(folder)/ssh.conf"))
        process = try bench.start(Self.ownNamespaces + [Self.script, folder, "\(count)"])
        try await process.line("ready")
    }

    /// The name of a host in a list of hosts.
    func name(_ host: Int) -> String { "user\(host)@\(address(host))" }

    /// The address of a host.
    func address(_ host: Int) -> String { "10.77.0.\(10 + host)" }

    /// Starts `tern` in the network of the hosts.
    func start(_ arguments: [String], environment: [String: String] = [:]) throws -> TernProcess {
        let ssh = ["TERN_SSH": "ssh -F \(folder)/ssh.conf"]
        return try bench.start(
            inside + [ternPath] + arguments, environment: environment.merging(ssh) { $1 })
    }

    /// Starts an agent with the users' key, and returns the variable that names the agent.
    func startAgent() async throws -> [String: String] {
        let socket = "\(folder)/agent"
        _ = try bench.start(["ssh-agent", "-D", "-a", socket])
        try await eventually("the agent's socket") {
            FileManager.default.fileExists(atPath: socket)
        }
        let variable = ["SSH_AUTH_SOCK": socket]
        let add = try bench.start(
            ["ssh-add", "-q", "\(folder)/user-id"], environment: variable)
        #expect(try await add.end().status == 0)
        return variable
    }

    /// Runs `tern` to its end in the network of the hosts.
    func tern(_ arguments: [String]) async throws -> Ending { try await start(arguments).end() }

    /// Plugs in or unplugs the cable of a host.
    func connect(_ host: Int, _ isConnected: Bool) async throws {
        let ending = try await bench.start(
            inside + ["ip", "link", "set", "host\(host)", isConnected ? "up" : "down"]
        ).end()
        #expect(ending.status == 0, "\(ending)")
    }

    private var inside: [String] {
        ["nsenter", "--target", "\(children(of: process.pid).first ?? 0)", "--net"]
    }

    /// Removes a library of the program on a host.
    func remove(host: Int, library: String) throws {
        let programs = "\(folder)/\(host)/home/.cache/tern/programs"
        for program in try FileManager.default.contentsOfDirectory(atPath: programs) {
            try FileManager.default.removeItem(atPath: "\(programs)/\(program)/lib/\(library)")
        }
    }

    /// The processes of a host, except the listening sshd, by the first two words of their commands.
    func processes(_ host: Int) -> [(pid: pid_t, command: String)] {
        let all = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [])
            .compactMap { pid_t($0) }
        guard
            let first = all.first(where: { pid in
                let words = words(ofFile: "/proc/\(pid)/cmdline")
                return words.first?.contains("sshd.conf [listener]") == true
                    && words.first?.contains("\(folder)/\(host)/") == true
            }), let space = namespace(of: first)
        else { return [] }
        return all.filter { $0 != first && namespace(of: $0) == space }.compactMap { pid in
            let command = words(ofFile: "/proc/\(pid)/cmdline").prefix(2).joined(separator: " ")
            return command.isEmpty ? nil : (pid, command)
        }
    }

    /// The process of the worker on a host.
    func worker(_ host: Int) async throws -> pid_t {
        try await eventually("a worker on host \(host)") {
            processes(host).first { $0.command.hasSuffix("tern worker") }?.pid
        }
    }

    /// Expects that only programs of Tern remain on the hosts: no process, no key and no other file.
    func expectNothingLeft(
        on hosts: ClosedRange<Int>, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        for host in hosts {
            try await eventually("no process on host \(host): \(processes(host))") {
                processes(host).isEmpty
            }
            let home = "\(folder)/\(host)/home"
            let files = try FileManager.default.subpathsOfDirectory(atPath: home).filter { path in
                let kind = try FileManager.default.attributesOfItem(atPath: "\(home)/\(path)")[
                    .type]
                return kind as? FileAttributeType != .typeDirectory
            }
            #expect(
                files.allSatisfy {
                    $0.contains(
                        /^\.cache\/tern\/programs\/[0-9a-f]{16}\/(tern|lib\/[^\/]*\.so[^\/]*)$/)
                }, "\(files)", sourceLocation: sourceLocation)
        }
    }

    private func children(of pid: pid_t) -> [pid_t] {
        let text = try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)
        return (text ?? "").split(separator: " ").compactMap { pid_t($0) }
    }

    private func namespace(of pid: pid_t) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/pid")
    }
}
