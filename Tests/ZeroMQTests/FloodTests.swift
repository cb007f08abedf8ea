import Testing
import ZeroMQ

@Suite("A router in a flood") struct FloodTests {
    @Test("hears a wanted peer, and hangs up on others unheard", .timeLimit(.minutes(5)))
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
        "does not hold what is left of an ended connection against the next one with its number",
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

            // Nobody else dials here, so the system gives it the number that has become free.
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
        "knows to the byte what it has read of a peer", .timeLimit(.minutes(5)),
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
            // Takes back the credit for the greeting, of which most was not needed.
            await router.limitUnread(of: [sender], to: 0)

            let frames = [0, 1, 222, 223, 255, 256, 70_000].map {
                Frame([UInt8](repeating: 0, count: $0))
            }
            for _ in 0..<50 {
                #expect(await dealer.send(frames) == .sent)
                try await next(at: router)
                // One byte too many, and the connection would end.
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

    /// Waits for a message, and gives back who sent it.
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
