import Glibc
import Requirements
import Testing

@Suite(
    "A host name stands for all its current addresses", .bench,
    .needs(OwnHosts.namespaces))
struct NameTests {
    private func port(of endpoint: String) throws -> Substring {
        try #require(endpoint.split(separator: ":").last)
    }

    private func coordinator(
        _ data: SampleData, into run: RunFolder, listen: String, on hosts: OwnHosts,
        workers: Int = 1
    ) async throws -> (process: TernProcess, endpoint: String) {
        let recipe = Recipe.small.with("--listen", listen, "--min-workers", "\(workers)")
        let process = try hosts.start(recipe.arguments(for: "coordinator", data, into: run))
        let line = try await process.line("workers join with: tern worker --connect ")
        return (process, try #require(line.split(separator: " ").last.map(String.init)))
    }

    @Test("and a worker tries one after another until a coordinator answers")
    func severalAddresses() async throws {
        let run = RunFolder()
        let cluster = try await Cluster(
            .small, try SampleData(), into: run, listen: "tcp://127.0.0.3:*")
        let port = try port(of: cluster.endpoint)
        // The first address has no listener, and the second one never answers.
        let silent = try ListeningSocket("127.0.0.2", port: try #require(UInt16(port)))
        let hosts = try OwnHosts("::1 node", "127.0.0.2 node", "127.0.0.3 node")
        let worker = try hosts.start(["worker", "--connect", "tcp://node:\(port)"])
        _ = try run.completed(try await cluster.coordinator.end())
        #expect(try await worker.end().status == 0)
        withExtendedLifetime(silent) {}
    }

    @Test("and a coordinator listens on those of its machine")
    func listensOnAll() async throws {
        let hosts = try OwnHosts("127.0.0.1 node", "203.0.113.1 node", "::1 node")
        let run = RunFolder()
        let (process, endpoint) = try await coordinator(
            try SampleData(), into: run, listen: "tcp://node:*", on: hosts, workers: 3)
        #expect(endpoint.hasPrefix("tcp://node:"))
        let port = try port(of: endpoint)
        let workers = try ["127.0.0.1", "[::1]", "node"].map {
            try hosts.start(["worker", "--connect", "tcp://\($0):\(port)"])
        }
        _ = try run.completed(try await process.end())
        for worker in workers { #expect(try await worker.end().status == 0) }
    }

    @Test("and may have only IPv6 addresses")
    func onlyIPv6() async throws {
        let hosts = try OwnHosts("::1 six")
        let run = RunFolder()
        let (process, endpoint) = try await coordinator(
            try SampleData(), into: run, listen: "tcp://six:*", on: hosts)
        let worker = try hosts.start(["worker", "--connect", endpoint])
        _ = try run.completed(try await process.end())
        #expect(try await worker.end().status == 0)
    }

    @Test(
        "and a worker reports an unknown name, waits until it is known, and follows a moved one"
    )
    func knownLater() async throws {
        let hosts = try OwnHosts()
        let data = try SampleData()
        let first = try await coordinator(
            data, into: RunFolder("first"), listen: "tcp://127.0.0.2:*", on: hosts, workers: 2)
        let port = try port(of: first.endpoint)
        let worker = try hosts.start(["worker", "--connect", "tcp://node:\(port)"])
        try await worker.line("tcp://node:\(port): the name node is unknown; still trying")
        try hosts.set(["127.0.0.2 node"])
        try await worker.line("joined run")
        first.process.kill()
        try await first.process.end()
        try hosts.set(["::1 node"])
        let run = RunFolder("second")
        let second = try await coordinator(
            data, into: run, listen: "tcp://[::1]:\(port)", on: hosts)
        _ = try run.completed(try await second.process.end())
        #expect(try await worker.end().status == 0)
    }

    @Test("and an unknown name is reported")
    func unknown() async throws {
        let hosts = try OwnHosts("203.0.113.1 far")
        let worker = try hosts.start(
            ["worker", "--connect", "tcp://nowhere:5555", "--join-timeout", "1"])
        expectRefusal(
            try await worker.end(), status: 75,
            ["the name nowhere is unknown after 1 s: check the host in tcp://nowhere:5555"])
        for (name, reason) in [
            ("nowhere", "the name nowhere is unknown"),
            ("far", "this machine has no such address (203.0.113.1)"),
        ] {
            let recipe = Recipe.small.with("--listen", "tcp://\(name):5555")
            let process = try hosts.start(
                recipe.arguments(for: "coordinator", try SampleData(name), into: RunFolder()))
            expectRefusal(
                try await process.end(), status: 69,
                ["cannot listen on tcp://\(name):5555: \(reason)"])
        }
    }

    @Test("and a worker reports a silent name server, times out, and ends at once when signalled")
    func silentNameServer() async throws {
        // A name server that receives questions and answers none.
        let server = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(server) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(53).bigEndian
        inet_pton(AF_INET, "127.0.0.53", &address.sin_addr)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(server, $0, size) == 0
            }
        }
        try #require(isBound)
        let hosts = try OwnHosts(services: "hosts: dns")
        let resolver = try writeFile(
            "resolv.conf", Array("nameserver 127.0.0.53\noptions timeout:30\n".utf8))
        func worker(_ options: String...) throws -> TernProcess {
            try bench.start(
                hosts.command(
                    [ternPath, "worker", "--connect", "tcp://node0.example:5555"] + options,
                    setUp: "mount --bind \(resolver) /etc/resolv.conf"))
        }
        let told = "the name node0.example is being looked up, and no name server answers"
        expectRefusal(
            try await worker("--join-timeout", "2").end(), status: 75, ["\(told) after 2 s"])
        let other = try worker()
        try await other.line("\(told); still trying")
        other.signal(SIGTERM)
        #expect(try await other.end().status == 143)
    }

    @Test("and a coordinator on all addresses reports those that others can reach")
    func dialable() async throws {
        let name = try #require(hostName)
        let hosts = try OwnHosts("10.9.8.7 \(name)")
        let run = RunFolder()
        let recipe = Recipe.small.with("--listen", "tcp://*:5555")
        // A separate network: loopback, and one active link with an address of each family.
        let network = """
            ip link set lo up && ip link add one type veth peer name other && \
            ip address add 10.9.8.7/24 dev one && ip address add fd99::7/64 dev one nodad && \
            ip link set one up && ip link set other up
            """
        let command = hosts.command(
            [ternPath] + recipe.arguments(for: "coordinator", try SampleData(), into: run),
            setUp: network)
        let coordinator = try bench.start(["unshare", "--net"] + command)
        try await coordinator.line("workers join with: tern worker --connect tcp://10.9.8.7:5555")
        let others = try await coordinator.line("or, if they cannot reach that, with one of ")
        #expect(others.hasSuffix("tcp://[fd99::7]:5555, tcp://\(name):5555"))
        let worker = try bench.start(
            ["nsenter", "--net", "--target", "\(coordinator.pid)", ternPath, "worker", "--connect"]
                + ["tcp://[fd99::7]:5555"])
        _ = try run.completed(try await coordinator.end())
        #expect(try await worker.end().status == 0)
    }

    private var hostName: String? {
        var bytes = [CChar](repeating: 0, count: 256)
        guard gethostname(&bytes, bytes.count - 1) == 0 else { return nil }
        return String(
            decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
