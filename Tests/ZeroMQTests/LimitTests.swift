import Testing
import ZeroMQ

@Suite("A socket's limits") struct LimitTests {
    private func connectedPair(
        _ network: TestNetwork
    ) async throws -> (router: Peer, dealer: Peer, sender: PeerIdentity) {
        let router = try await network.peer(.router, reading: false)
        let dealer = try await network.peer(.dealer, reading: false)
        try await dealer.connect(try await router.bind("tcp://127.0.0.1:*"))
        _ = try await dealer.nextEvent(.handshakeSucceeded)
        #expect(await dealer.send([Frame("hello")]) == .sent)
        while true {
            if case .message(let message)? = await router.receive() {
                return (router, dealer, try #require(message.sender))
            }
            await Task.yield()
        }
    }

    @Test(
        "end an outgoing connection when too much unread data has arrived, and not before",
        .timeLimit(.minutes(5)))
    func dialled() async throws {
        try await TestNetwork.run { network in
            let (router, dealer, sender) = try await connectedPair(network)
            let frame = Frame([UInt8](repeating: 0, count: 100_000))
            #expect(await router.send([frame], to: sender) == .sent)
            while await dealer.receive() == nil {
                #expect(await !dealer.limitUnread(toEach: 110_000))
                await Task.yield()
            }
            // Data that was read does not count.
            for _ in 0..<5 {
                #expect(await router.send([frame], to: sender) == .sent)
                while await dealer.receive() == nil { await Task.yield() }
                #expect(await !dealer.limitUnread(toEach: 110_000))
            }
            for _ in 0..<2 { #expect(await router.send([frame], to: sender) == .sent) }
            while await !dealer.limitUnread(toEach: 110_000) { await Task.yield() }
            _ = try await dealer.nextEvent(.disconnected)
        }
    }

    @Test("allow an untrusted peer a few messages", .timeLimit(.minutes(5)))
    func words() async throws {
        try await TestNetwork.run { network in
            let (router, dealer, sender) = try await connectedPair(network)
            // The first message may arrive before the event of its connection.
            #expect(await dealer.send([Frame("again")]) == .sent)
            while await router.receive() == nil { await Task.yield() }
            let start = ContinuousClock.now
            var count = 0
            while await router.isWithinAllowance(sender) { count += 1 }
            let seconds = Int((.now - start).components.seconds) + 1
            #expect((64...64 + 2 * seconds).contains(count))
        }
    }

    /// Opens many connections from one socket: libzmq connects once an address, so it uses as many loopback addresses.
    private func connect(_ crowd: Peer, to router: Peer, times: Int) async throws {
        let port = try await router.bind("tcp://0.0.0.0:*").split(separator: ":").last ?? ""
        for number in 0..<times {
            try await crowd.connect("tcp://127.0.\(number / 250).\(number % 250 + 1):\(port)")
        }
    }

    @Test(
        "accept a number of new connections at once, and close others", .timeLimit(.minutes(5)))
    func newcomers() async throws {
        try await TestNetwork.run { network in
            let router = try await network.peer(.router)
            var options = SocketOptions()
            options.reconnectInterval = .seconds(100)
            options.maximumReconnectInterval = nil
            let crowd = try await network.peer(.dealer, options)
            // The router accepts 256 at once and 16 a second, so even on a slow machine it rejects some of these.
            _ = DescriptorLimit.raise()
            try await connect(crowd, to: router, times: 700)
            for _ in 0..<50 { _ = try await router.nextEvent(.disconnected) }
        }
    }

    @Test("accept a whole cluster that connects at once", .timeLimit(.minutes(5)))
    func cluster() async throws {
        try await TestNetwork.run { network in
            let router = try await network.peer(.router)
            let crowd = try await network.peer(.dealer)
            try await connect(crowd, to: router, times: 250)
            for _ in 0..<250 { _ = try await router.nextEvent(.handshakeSucceeded) }
            // The dealer sends over its connections in turn.
            for _ in 0..<250 { #expect(await crowd.send([Frame("hello")]) == .sent) }
            var senders: Set<PeerIdentity> = []
            while senders.count < 250 {
                senders.insert(try #require(try await router.nextMessage().sender))
            }
        }
    }
}
