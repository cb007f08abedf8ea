import Glibc
import Launching
import Testing
import ZeroMQ

@Suite("The route to a coordinator", .timeLimit(.minutes(5)))
struct RouteProbeTests {
    private let token = ProbeToken.random()

    private func measure(_ endpoints: String...) async throws -> [Finding<RouteSpeed>] {
        let parsed = try endpoints.map { try Endpoint($0, for: .connect) }
        let routes = await RouteProbe(parsed, token: token).measure()
        #expect(routes.map(\.endpoint) == endpoints)
        return routes.map(\.speed)
    }

    @Test(
        "is measured over IPv4 and IPv6",
        arguments: [
            ("tcp://*:*", "127.0.0.1"), ("tcp://*:*", "[::1]"), ("tcp://127.0.0.1:*", "localhost"),
            ("tcp://[::1]:*", "[::1]"), ("tcp://lo:*", "127.0.0.1"),
        ])
    func measured(listen: String, host: String) async throws {
        try await ServedProbes.run(listen, token) { server in
            let speed = try #require(try await measure("tcp://\(host):\(server.port)")[0].value)
            #expect((0.000_000_1..<1).contains(speed.roundTrip))
            let bandwidth = try #require(speed.bandwidth)
            // Every loopback carries more than a megabyte a second.
            #expect(min(bandwidth.upload, bandwidth.download) > 1e6)
            #expect(bandwidth.uploadOfAll >= bandwidth.upload)
        }
    }

    @Test("is measured to the first endpoint that answers, with reasons why others do not")
    func severalWays() async throws {
        let silent = try RawSocket.listening()
        // Its backlog is full, so it does not answer, like a port behind a firewall.
        let deaf = try RawSocket.listening(backlog: 0)
        let first = try RawSocket.dialling(port: deaf.port)
        try await ServedProbes.run("tcp://127.0.0.1:*", token) { server in
            let speeds = try await measure(
                "tcp://127.0.0.1:\(try closedPort())", "tcp://127.0.0.1:\(silent.port)",
                "tcp://127.0.0.1:\(deaf.port)", server.endpoint, "tcp://nowhere.invalid:5555",
                "tcp://localhost:\(server.port)", "tcp://[fe80::1%nothing]:5555")
            let silence = "no answer within 2 s: a firewall may be in the way"
            #expect(speeds[0] == .failed("refused: nothing listens at that port"))
            #expect(speeds[1] == .failed(silence))
            #expect(speeds[2] == .failed(silence))
            #expect(speeds[3].value?.bandwidth != nil)
            let isUnknown =
                if case .failed(let reason) = speeds[4] {
                    reason.contains("the name nowhere.invalid ")
                } else {
                    false
                }
            #expect(isUnknown, "\(speeds[4])")
            let other = try #require(speeds[5].value)
            #expect(other.roundTrip > 0 && other.bandwidth == nil)
            #expect(speeds[6] == .failed("Cannot assign requested address"))
        }
        withExtendedLifetime(first) {}
    }

    @Test("does not exist if another program listens, or one with another token")
    func stranger() async throws {
        let other = try RawSocket.listening()
        let speaking = NativeThread.start(name: "other") {
            other.greetOne("SSH-2.0-OpenSSH_9.2\r\n")
        }
        let reason = "another program listens there: the port is taken, or the way leads elsewhere"
        #expect(try await measure("tcp://127.0.0.1:\(other.port)") == [.failed(reason)])
        pthread_join(speaking, nil)
        try await ServedProbes.run("tcp://127.0.0.1:*", .random()) { server in
            let speeds = try await measure(server.endpoint)
            #expect(speeds == [.failed(reason)])
        }
    }

    @Test("is measured by many clients at once, each with its share")
    func many() async throws {
        try await ServedProbes.run("tcp://127.0.0.1:*", token) { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let bandwidth = try await measure(server.endpoint)[0].value?.bandwidth
                        let rates = try #require(bandwidth)
                        #expect(rates.uploadOfAll >= rates.upload && rates.download > 0)
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
