import Glibc
import Testing
import ZeroMQ

@Suite("An endpoint") struct EndpointTests {
    @Test(
        "that is malformed is rejected with the reason", .timeLimit(.minutes(5)),
        arguments: [
            ("", "transport is missing"),
            ("localhost:5555", "transport is missing"),
            ("http://localhost:5555", "unknown transport 'http'"),
            ("tcp://", "port is missing"),
            ("tcp://localhost", "port is missing"),
            ("tcp://localhost:", "port is missing"),
            ("tcp://:5555", "host is missing"),
            ("tcp://localhost:http", "'http' is not a port"),
            ("tcp://localhost:65536", "'65536' is not a port"),
            ("tcp://localhost:-1", "'-1' is not a port"),
            ("tcp://localhost:5555/path", "'5555/path' is not a port"),
            ("tcp://local host:5555", "'local host' is not a host"),
            ("tcp://::1:5555", "brackets"),
            ("tcp://[::1]", "port is missing"),
            ("tcp://[::g]:5555", "'[::g]' is not an IPv6 address"),
            ("tcp://[fe80::1%]:5555", "is not an IPv6 address"),
            ("tcp://[127.0.0.1]:5555", "is not an IPv6 address"),
            ("tcp://300.1.1.1:5555", "'300.1.1.1' is not an IPv4 address"),
            ("tcp://127.1:5555", "'127.1' is not an IPv4 address"),
            ("tcp://user@host:5555", "'user@host' is not a host"),
            ("tcp://a;b:5555", "'a;b' is not a host"),
            ("tcp://-a:5555", "'-a' is not a host"),
            ("tcp://a..b:5555", "'a..b' is not a host"),
            ("tcp://b\u{fc}ro:5555", "is not a host"),
            ("tcp://tcp://a:5555", "is not a host"),
            ("tcp://" + String(repeating: "x", count: 64) + ":5555", "is not a host"),
            ("ipc://", "ipc://PATH"),
            ("inproc://", "inproc://NAME"),
            ("ipc:///tmp/" + String(repeating: "x", count: 103), "has 108 bytes"),
        ])
    func malformed(endpoint: String, reason: String) async throws {
        try await TestNetwork.run { network in
            let peer = try await network.peer(.router)
            for error in [await peer.bindError(endpoint), await peer.connectError(endpoint)] {
                let error = try #require(error)
                #expect(error.description.contains(reason))
                #expect(error.endpoint == (endpoint.isEmpty ? "''" : endpoint))
                #expect(!error.description.contains("\n"))
                #expect(error.code == (reason.contains("108") ? ENAMETOOLONG : EINVAL))
            }
        }
    }

    @Test(
        "to connect to must name one host and one port", .timeLimit(.minutes(5)),
        arguments: ["tcp://*:5555", "tcp://localhost:*", "tcp://localhost:0"])
    func wildcardToConnectTo(endpoint: String) async throws {
        try await TestNetwork.run { network in
            let error = try #require(await network.peer(.dealer).connectError(endpoint))
            #expect(error.operation == .connect && error.endpoint == endpoint)
        }
    }

    @Test(
        "with a wildcard is resolved", .timeLimit(.minutes(5)),
        arguments: ["tcp://127.0.0.1:0", "tcp://127.0.0.1:*", "tcp://*:*", "ipc://*"])
    func resolves(endpoint: String) async throws {
        try await TestNetwork.run { network in
            let address = try await network.peer(.router).bind(endpoint)
            #expect(!address.contains("*") && !address.hasSuffix(":0"))
        }
    }

    @Test(
        "in use is not taken over, and the error says what to do", .timeLimit(.minutes(5)),
        arguments: anyEndpoints)
    func inUse(endpoint: String) async throws {
        try await TestNetwork.run { network in
            let first = try await network.peer(.router)
            let address = try await first.bind(endpoint)
            let error = try #require(await network.peer(.router).bindError(address))
            #expect(error.code == EADDRINUSE)
            let beginning = "cannot listen on \(address): the address is in use; choose another "
            #expect(error.description.hasPrefix(beginning))

            let dealer = try await network.peer(.dealer)
            try await dealer.connect(address)
            try await dealer.greet(first)
        }
    }

    @Test("can be used again after its listener has closed", .timeLimit(.minutes(5)))
    func usedAgain() async throws {
        try await TestNetwork.run { network in
            let first = try await network.peer(.router)
            let address = try await first.bind("ipc://*")
            await first.close()
            // libzmq closes in the background; until then the path is in use.
            let second = try await network.peer(.router)
            while let error = await second.bindError(address) {
                #expect(error.code == EADDRINUSE || error.code == ENOENT)
                if error.code == ENOENT { break }  // libzmq has removed the directory it had made
                await Task.yield()
            }
        }
    }

    @Test(
        "that this machine does not have is reported", .timeLimit(.minutes(5)),
        arguments: [
            ("tcp://203.0.113.1:5555", "no such address"),
            ("tcp://nowhere.invalid:5555", "no such address"),
            ("ipc:///no/such/directory/socket", "directory"),
        ])
    func notHere(endpoint: String, reason: String) async throws {
        try await TestNetwork.run { network in
            let error = try #require(await network.peer(.router).bindError(endpoint))
            #expect(error.description.contains(reason))
        }
    }
}

extension Peer {
    func bindError(_ endpoint: String) -> SocketError? { error { _ = try bind(endpoint) } }
    func connectError(_ endpoint: String) -> SocketError? { error { try connect(endpoint) } }

    private func error(of body: () throws -> Void) -> SocketError? {
        do {
            try body()
            return nil
        } catch {
            return error as? SocketError
        }
    }
}
