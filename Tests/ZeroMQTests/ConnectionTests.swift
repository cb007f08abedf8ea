import Glibc
import Testing
import ZeroMQ

@Suite("A connection") struct ConnectionTests {
    @Test("reports that it has ended", .timeLimit(.minutes(5)), arguments: anyEndpoints)
    func endIsNoticed(endpoint: String) async throws {
        try await TestNetwork.run { network in
            let router = try await network.peer(.router)
            let dealer = try await network.peer(.dealer)
            try await dealer.connect(try await router.bind(endpoint))
            #expect(try await router.nextEvent(.bound).endpoint.hasPrefix(endpoint.prefix(6)))
            _ = try await router.nextEvent(.handshakeSucceeded)
            _ = try await dealer.nextEvent(.handshakeSucceeded)
            #expect(await dealer.send([Frame("hello")]) == .sent)
            let sender = try #require(try await router.nextMessage().sender)

            await dealer.close()
            _ = try await router.nextEvent(.disconnected)
            // The event may arrive a moment before the socket knows.
            while await router.send([Frame("anyone?")], to: sender) == .sent { await Task.yield() }
            #expect(await router.send([Frame("anyone?")], to: sender) == .peerUnreachable)
        }
    }

    @Test("to a peer that never existed is unreachable", .timeLimit(.minutes(5)))
    func unknownPeer() async throws {
        try await TestNetwork.run { network in
            let router = try await network.peer(.router)
            _ = try await router.bind("tcp://127.0.0.1:*")
            let stranger = PeerIdentity([0, 1, 2, 3, 4])
            // Two frames: if the second were sent by mistake, it would be read as an identity.
            let result = await router.send([Frame("a"), Frame("b")], to: stranger)
            #expect(result == .peerUnreachable)
        }
    }

    @Test("is made when the listener appears after the client", .timeLimit(.minutes(5)))
    func dialsAgain() async throws {
        try await TestNetwork.run { network in
            var options = SocketOptions()
            options.reconnectInterval = .milliseconds(5)
            let early = try await network.peer(.router)
            let address = try await early.bind("tcp://127.0.0.1:*")
            await early.close()

            let dealer = try await network.peer(.dealer, options)
            try await dealer.connect(address)
            #expect(try await dealer.nextEvent(.retrying).detail?.hasSuffix(" ms") == true)
            let router = try await network.peer(.router)
            _ = try await router.bind(address)
            try await dealer.greet(router)
        }
    }

    @Test("with a program that is not ZeroMQ is rejected and reported", .timeLimit(.minutes(5)))
    func refusesStranger() async throws {
        try await TestNetwork.run { network in
            let router = try await network.peer(.router)
            let dealer = try await network.peer(.dealer)
            let address = try await router.bind("tcp://127.0.0.1:*")

            let port = try #require(address.split(separator: ":").last.flatMap { UInt16($0) })
            let stranger = try #require(connectPlainly(to: port))
            let request = Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
            #expect(Glibc.write(stranger, request, request.count) == request.count)
            Glibc.close(stranger)
            #expect(try await router.nextEvent(.handshakeFailed).detail != nil)

            try await dealer.connect(address)
            try await dealer.greet(router)
        }
    }

    @Test("delivers its pending messages when its socket closes", .timeLimit(.minutes(5)))
    func lingers() async throws {
        try await TestNetwork.run { network in
            let router = try await network.peer(.router)
            let dealer = try await network.peer(.dealer)
            try await dealer.connect(try await router.bind("tcp://127.0.0.1:*"))
            _ = try await dealer.nextEvent(.handshakeSucceeded)
            #expect(await dealer.send([Frame([UInt8](repeating: 1, count: 5_000_000))]) == .sent)
            await dealer.close(lingering: .seconds(30))
            #expect(try await router.nextMessage().frames[0].count == 5_000_000)
        }
    }

    @Test("must close before its context is terminated")
    func outlivesContext() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            let context = Context()
            let peer = Peer(thread: EventLoop(name: "peer"))
            try await peer.open(context, .router, SocketOptions())
            await context.terminate()
        }
        #expect(result?.said("close them before their context") == true)
    }

    /// Opens a plain TCP connection, without ZeroMQ.
    private func connectPlainly(to port: UInt16) -> Int32? {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, size)
            }
        }
        return result == 0 ? descriptor : nil
    }
}
