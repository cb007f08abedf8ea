import Glibc
import Launching
import Testing
import ZeroMQ

@Suite("A probe server", .timeLimit(.minutes(5)))
struct ProbeServerTests {
    private let token = ProbeToken.random()

    @Test(
        "disconnects strangers at once",
        arguments: [
            "GET / HTTP/1.1\r\n", "tern-probe-2 ", "\u{0}",
            "tern-probe-1 \(String(repeating: "0", count: 32))\n",
            "tern-probe-1 \(String(repeating: "0", count: 99))",
        ])
    func strangers(greeting: String) async throws {
        try await ServedProbes.run("tcp://127.0.0.1:*", token) { server in
            let stranger = try RawSocket.dialling(port: server.port)
            stranger.send(greeting)
            #expect(stranger.receive() == "")
        }
    }

    @Test("disconnects a client with the token that sends an unknown request")
    func unknownRequests() async throws {
        try await ServedProbes.run("tcp://127.0.0.1:*", token) { server in
            let client = try RawSocket.dialling(port: server.port)
            client.send("tern-probe-1 \(token.text)\n")
            #expect(client.receive() == "tern-probe-1\n")
            client.send("p")
            #expect(client.receive() == "p")
            client.send("q")
            #expect(client.receive() == "")
        }
    }

    @Test("still serves when more silent peers connect than it has room for")
    func silentPeers() async throws {
        let count = ProbeServer.mostConnections + 100
        try ResourceNeed(threads: 1, descriptors: 2 * count + 100).secure()
        try await ServedProbes.run("tcp://127.0.0.1:*", token) { server in
            let silent = try (0..<count).map { _ in try RawSocket.dialling(port: server.port) }
            let probe = RouteProbe([try Endpoint(server.endpoint, for: .connect)], token: token)
            let speed = await probe.measure()[0].speed
            #expect(speed.value?.bandwidth != nil, "\(speed)")
            // The oldest connection was closed to make room.
            #expect(silent[0].receive() == "")
        }
    }

    @Test("ends with its input, closes all connections, and frees the port at once")
    func ending() async throws {
        var endpoint = ""
        var client: RawSocket?
        try await ServedProbes.run("tcp://127.0.0.1:*", token) { server in
            endpoint = server.endpoint
            let dialled = try RawSocket.dialling(port: server.port)
            dialled.send("tern-probe-1 \(token.text)\n")
            #expect(dialled.receive() == "tern-probe-1\n")
            client = dialled
        }
        #expect(client?.receive() == "")
        _ = try await ProbeServer(Endpoint(endpoint, for: .listen), token: token)
    }

    @Test("reports what is wrong with its endpoint")
    func wrongEndpoints() async throws {
        let taken = try RawSocket.listening()
        for (listen, reason) in [
            ("tcp://127.0.0.1:\(taken.port)", "in use"), ("tcp://192.0.2.1:*", "no such address"),
            ("ipc:///tmp/x", "only tcp://HOST:PORT"), ("tcp://nothing0:*", "nothing0"),
        ] {
            do {
                _ = try await ProbeServer(Endpoint(listen, for: .listen), token: token)
                Issue.record("\(listen) can be listened at")
            } catch {
                #expect("\(error)".contains(reason))
            }
        }
    }
}
