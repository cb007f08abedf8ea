import Testing
import ZeroMQ

@Suite("A flooded router") struct FloodTests {
    @Test("reads wanted peers, and disconnects others unread", .timeLimit(.minutes(5)))
    func hearsWanted() async throws {
        try await TestNetwork.run { network in
            let router = try await network.peer(.router, reading: false)
            let address = try await router.bind("tcp://127.0.0.1:*")
            let (member, stranger) = (
                try await network.peer(.dealer), try await network.peer(.dealer)
            )
            try await member.connect(address)
            let wanted = try await identity(of: member, at: router)
            try await stranger.connect(address)
            _ = try await identity(of: stranger, at: router)

            for _ in 0..<3 { #expect(await stranger.send([Frame("a"), Frame("b")]) == .sent) }
            #expect(await member.send([Frame("c"), Frame("d")]) == .sent)
            var heard: [String] = []
            var dropped = 0
            while heard.isEmpty || dropped == 0 {
                let result = await router.receive(from: [wanted])
                dropped += result.dropped
                guard case .message(let message) = result.message else { continue }
                #expect(message.sender == wanted)
                heard += message.frames.map(\.text)
            }
            #expect(heard == ["c", "d"])
            _ = try await stranger.nextEvent(.disconnected)
            #expect(await router.send([Frame("go on")], to: wanted) == .sent)
            #expect(try await member.nextMessage().frames.map(\.text) == ["go on"])
        }
    }

    @Test(
        "does not charge data left from a closed connection to the next on the same descriptor",
        .timeLimit(.minutes(5)), arguments: [false, true])
    func leftOver(isHeardBefore: Bool) async throws {
        try await TestNetwork.run { network in
            var options = SocketOptions()
            options.sendHighWaterMark = 0
            let router = try await network.peer(.router, reading: false)
            let address = try await router.bind("tcp://127.0.0.1:*")
            let (gone, member) = (
                try await network.peer(.dealer, options), try await network.peer(.dealer)
            )
            try await gone.connect(address)
            _ = try await gone.nextEvent(.handshakeSucceeded)
            for _ in 0..<200 { #expect(await gone.send([Frame("left over")]) == .sent) }
            if isHeardBefore { _ = try await next(at: router) }
            await gone.close(lingering: .seconds(10))
            _ = try await router.nextEvent(.disconnected)

            // No other client connects, so the system reuses the freed descriptor number.
            try await member.connect(address)
            _ = try await member.nextEvent(.handshakeSucceeded)
            #expect(await member.send([Frame("hello")]) == .sent)
            var wanted: PeerIdentity?
            for _ in 0..<(isHeardBefore ? 200 : 201) {
                let message = try await nextMessage(at: router)
                let sender = try #require(message.sender)
                if message.frames[0].text == "hello" { wanted = sender }
                if await !router.isWithinAllowance(sender) { await router.cutOff(sender) }
            }
            let heard = try #require(wanted)
            #expect(await router.send([Frame("go on")], to: heard) == .sent)
            #expect(try await member.nextMessage().frames.map(\.text) == ["go on"])
        }
    }

    @Test(
        "knows exactly how many bytes it has read from a peer", .timeLimit(.minutes(5)),
        arguments: [false, true])
    func knowsWhatItHasRead(isEncrypted: Bool) async throws {
        try await TestNetwork.run { network in
            let options = try Encrypted()
            let router = try await network.peer(
                .router, isEncrypted ? options.router : SocketOptions(), reading: false)
            let dealer = try await network.peer(
                .dealer, isEncrypted ? options.dealer : SocketOptions())
            try await dealer.connect(try await router.bind("tcp://127.0.0.1:*"))
            let sender = try await identity(of: dealer, at: router)
            // Takes back the allowance for the greeting, which was mostly unused.
            await router.limitUnread(of: [sender], to: 0)

            let frames = [0, 1, 222, 223, 255, 256, 70_000].map {
                Frame([UInt8](repeating: 0, count: $0))
            }
            for _ in 0..<50 {
                #expect(await dealer.send(frames) == .sent)
                try await next(at: router)
                // One more byte would end the connection.
                await router.limitUnread(of: [sender], to: 0)
            }
            #expect(await router.send([Frame("still here")], to: sender) == .sent)
            #expect(try await dealer.nextMessage().frames.map(\.text) == ["still here"])
        }
    }

    private func identity(of peer: Peer, at router: Peer) async throws -> PeerIdentity {
        _ = try await peer.nextEvent(.handshakeSucceeded)
        #expect(await peer.send([Frame("hello")]) == .sent)
        return try await next(at: router)
    }

    /// Waits for a message, and returns its sender.
    @discardableResult
    private func next(at router: Peer) async throws -> PeerIdentity {
        try #require(try await nextMessage(at: router).sender)
    }

    private func nextMessage(at router: Peer) async throws -> Message {
        while true {
            guard let received = await router.receive() else {
                await Task.yield()
                continue
            }
            guard case .message(let message) = received else { throw Peer.UnexpectedlyOversized() }
            return message
        }
    }
}
