import Synchronization
import Testing
import ZeroMQ

/// A key pair for each number.
func keyPair(_ number: UInt8) throws -> CurveKeyPair {
    try CurveKeyPair(secretKey: [UInt8](repeating: number, count: CurveKeyPair.keyLength))
}

/// A gate that admits the holder of one key, as `worker`.
func gate(admitting key: [UInt8]) -> Gate {
    Gate { $0 == key ? .admit("worker") : .refuse }
}

/// Options of a router, and of dealers that it admits.
struct Encrypted {
    var router = SocketOptions()
    var dealer = SocketOptions()

    init() throws {
        let (server, client) = (try keyPair(1), try keyPair(2))
        router.encryption = .server(server, gate(admitting: client.publicKey))
        dealer.encryption = .client(client, servers: [server.publicKey])
    }
}

@Suite("An encrypted connection") struct EncryptionTests {
    @Test("derives public keys from secret ones as in RFC 7748, section 6.1")
    func publicKeys() throws {
        func bytes(_ number: String) -> [UInt8] {
            let digits = Array(number)
            return stride(from: 0, to: digits.count, by: 2).compactMap {
                UInt8(String(digits[$0...$0 + 1]), radix: 16)
            }
        }
        let pair = try CurveKeyPair(
            secretKey: bytes("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"))
        let publicKey = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
        #expect(pair.publicKey == bytes(publicKey))
    }

    @Test(
        "carries frames of all sizes both ways", .timeLimit(.minutes(5)), arguments: anyEndpoints)
    func carries(endpoint: String) async throws {
        try await TestNetwork.run { network in
            let options = try Encrypted()
            let router = try await network.peer(.router, options.router)
            let dealer = try await network.peer(.dealer, options.dealer)
            try await dealer.connect(try await router.bind(endpoint))
            let frames = [0, 1, 222, 223, 255, 256, 100_000].map {
                Frame([UInt8](repeating: 7, count: $0))
            }
            _ = try await dealer.nextEvent(.handshakeSucceeded)
            #expect(await dealer.send(frames) == .sent)
            let message = try await router.nextMessage()
            #expect(message.frames.map(\.bytes) == frames.map(\.bytes))
            #expect(message.user == "worker")
            let sender = try #require(message.sender)
            #expect(await router.send(message.frames, to: sender) == .sent)
            #expect(try await dealer.nextMessage().frames.map(\.bytes) == frames.map(\.bytes))
        }
    }

    /// Rejected clients, and the reason that the router reports.
    ///
    /// If only one side has a key, either side may notice first and hang up.
    static let strangers: [(name: String, encryption: Encryption?, reason: String?)] = [
        ("without a key", nil, nil),
        (
            "that takes another for the server",
            try? .client(keyPair(2), servers: [keyPair(3).publicKey]), "it has a different key"
        ),
        (
            "that knows the server, but has a key of its own",
            try? .client(keyPair(4), servers: [keyPair(1).publicKey]),
            "its key is unknown or was removed (status 400)"
        ),
    ]

    @Test("rejects a stranger", .timeLimit(.minutes(5)), arguments: strangers.indices)
    func refuses(index: Int) async throws {
        let (_, encryption, reason) = Self.strangers[index]
        try await TestNetwork.run { network in
            let options = try Encrypted()
            let router = try await network.peer(.router, options.router)
            var strange = SocketOptions()
            strange.encryption = encryption
            let stranger = try await network.peer(.dealer, strange)
            let address = try await router.bind("tcp://127.0.0.1:*")
            try await stranger.connect(address)
            let detail = try await router.nextEvent(.handshakeFailed).detail
            #expect(detail != nil && detail == reason ?? detail)
            _ = try await stranger.nextEvent(.handshakeFailed)
            #expect(await stranger.send([Frame("let me in")]) != .sent)

            let dealer = try await network.peer(.dealer, options.dealer)
            try await dealer.connect(address)
            try await dealer.greet(router)
        }
    }

    @Test("fails if the server has no key, or another one", .timeLimit(.minutes(5)))
    func refusesServer() async throws {
        try await TestNetwork.run { network in
            let options = try Encrypted()
            var other = SocketOptions()
            other.encryption = .server(
                try keyPair(3), gate(admitting: try keyPair(2).publicKey))
            for impostor in [SocketOptions(), other] {
                let router = try await network.peer(.router, impostor)
                let dealer = try await network.peer(.dealer, options.dealer)
                try await dealer.connect(try await router.bind("tcp://127.0.0.1:*"))
                _ = try await dealer.nextEvent(.handshakeFailed)
                #expect(await dealer.send([Frame("a secret")]) != .sent)
            }
        }
    }

    @Test(
        "is made once a server with the right key listens", .timeLimit(.minutes(5)),
        arguments: ["127.0.0.1", "localhost"], 0..<3)
    func dialsOn(host: String, impostor: Int) async throws {
        try await TestNetwork.run { network in
            var options = try Encrypted()
            options.dealer.maximumReconnectInterval = .milliseconds(20)
            let keys = try (1...3).map { try keyPair($0) }
            var early = SocketOptions()
            early.encryption =
                [
                    nil, .server(keys[2], gate(admitting: keys[1].publicKey)),
                    .server(keys[0], gate(admitting: keys[2].publicKey)),
                ][impostor]
            let wrong = try await network.peer(.router, early)
            let address = try await wrong.bind("tcp://127.0.0.1:*")
            let port = try #require(address.split(separator: ":").last)
            let dealer = try await network.peer(.dealer, options.dealer)
            try await dealer.connect("tcp://\(host):\(port)")
            for _ in 0..<3 { _ = try await dealer.nextEvent(.handshakeFailed) }
            await wrong.close()

            let router = try await network.peer(.router, options.router)
            // libzmq's own thread closes the port, and only then it is free.
            while (try? await router.bind(address)) == nil { await Task.yield() }
            try await dealer.greet(router)
        }
    }

    @Test(
        "accepts either of two keys of the server", .timeLimit(.minutes(5)),
        arguments: ["127.0.0.1", "localhost"], 0..<2)
    func twoKeys(host: String, server: Int) async throws {
        try await TestNetwork.run { network in
            let (pairs, client) = ([try keyPair(1), try keyPair(3)], try keyPair(2))
            var (options, dealing) = (SocketOptions(), SocketOptions())
            options.encryption = .server(pairs[server], gate(admitting: client.publicKey))
            dealing.encryption = .client(client, servers: pairs.map(\.publicKey))
            dealing.maximumReconnectInterval = .milliseconds(20)
            let router = try await network.peer(.router, options)
            let address = try await router.bind("tcp://127.0.0.1:*")
            let port = try #require(address.split(separator: ":").last)
            // The next key to try is drawn at random.
            for _ in 0..<8 {
                let dealer = try await network.peer(.dealer, dealing)
                try await dealer.connect("tcp://\(host):\(port)")
                try await dealer.greet(router)
            }
        }
    }

    @Test("is rejected for now if its peer opens too many", .timeLimit(.minutes(5)))
    func refusedForNow() async throws {
        try await TestNetwork.run { network in
            var options = try Encrypted()
            let calls = Mutex(0)
            options.router.encryption = .server(
                try keyPair(1),
                Gate { _ in
                    calls.withLock { calls in
                        calls += 1
                        return calls < 3 ? .refuseForNow : .admit("late")
                    }
                })
            options.dealer.maximumReconnectInterval = .milliseconds(20)
            let router = try await network.peer(.router, options.router)
            let dealer = try await network.peer(.dealer, options.dealer)
            try await dealer.connect(try await router.bind("tcp://127.0.0.1:*"))
            try await dealer.greet(router)
            #expect(calls.withLock { $0 } == 3)
        }
    }

    @Test("accepts a frame of the maximum size, and no larger one", .timeLimit(.minutes(5)))
    func largest() async throws {
        try await TestNetwork.run { network in
            var options = try Encrypted()
            options.router.maximumMessageSize = 1000
            let router = try await network.peer(.router, options.router)
            let dealer = try await network.peer(.dealer, options.dealer)
            try await dealer.connect(try await router.bind("tcp://127.0.0.1:*"))
            _ = try await dealer.nextEvent(.handshakeSucceeded)
            #expect(await dealer.send([Frame([UInt8](repeating: 1, count: 1000))]) == .sent)
            #expect(try await router.nextMessage().frames[0].count == 1000)
            #expect(await dealer.send([Frame([UInt8](repeating: 1, count: 1001))]) == .sent)
            _ = try await router.nextEvent(.disconnected)
        }
    }
}
