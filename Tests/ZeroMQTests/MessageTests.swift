import Testing
import ZeroMQ

@Suite("Messages") struct MessageTests {
    @Test(
        "go from dealer to router and back", .timeLimit(.minutes(5)),
        arguments: anyEndpoints + ["inproc://echo"])
    func echo(endpoint: String) async throws {
        try await TestNetwork.run { network in
            let router = try await network.peer(.router)
            let dealer = try await network.peer(.dealer)
            let address = try await router.bind(endpoint)
            try await dealer.connect(address)
            _ = try await dealer.nextEvent(for: endpoint)

            #expect(await dealer.send([Frame("hello"), Frame(""), Frame("world")]) == .sent)
            let question = try await router.nextMessage()
            #expect(question.frames.map(\.text) == ["hello", "", "world"])
            let sender = try #require(question.sender)
            if endpoint.hasPrefix("tcp") { #expect(question.frames[0].peerAddress == "127.0.0.1") }

            #expect(await router.send(question.frames, to: sender) == .sent)
            let answer = try await dealer.nextMessage()
            #expect(answer.sender == nil)
            #expect(answer.frames.map(\.text) == ["hello", "", "world"])
        }
    }

    @Test("share one payload between all peers", .timeLimit(.minutes(5)))
    func sharesPayload() async throws {
        try await TestNetwork.run { network in
            let router = try await network.peer(.router)
            // Within a process libzmq passes the memory itself, so its address shows whether it was copied.
            _ = try await router.bind("inproc://broadcast")
            let weights = Frame([UInt8](repeating: 7, count: 100_000))
            for _ in 0..<4 {
                let dealer = try await network.peer(.dealer)
                try await dealer.connect("inproc://broadcast")
                #expect(await dealer.send([Frame("hello")]) == .sent)
                let sender = try #require(try await router.nextMessage().sender)
                #expect(await router.send([Frame("weights"), weights], to: sender) == .sent)
                let message = try await dealer.nextMessage()
                #expect(message.frames.last?.address == weights.address)
                #expect(message.frames.last?.bytes == weights.bytes)
            }
        }
    }

    @Test("may carry one frame from two threads at once", .timeLimit(.minutes(5)))
    func sharesFrameBetweenThreads() async throws {
        try await TestNetwork.run { network in
            let receiver = try await network.peer(.router)
            _ = try await receiver.bind("inproc://sink")
            let senders = [try await network.peer(.dealer), try await network.peer(.dealer)]
            for sender in senders { try await sender.connect("inproc://sink") }
            for round in 0..<200 {
                let frame = Frame([UInt8](repeating: UInt8(round), count: 1000))
                async let first = senders[0].send([frame])
                async let second = senders[1].send([frame])
                #expect(await [first, second] == [.sent, .sent])
                for _ in senders {
                    #expect(try await receiver.nextMessage().frames[0].bytes == frame.bytes)
                }
            }
        }
    }

    @Test("of five megabytes arrive intact", .timeLimit(.minutes(5)), arguments: anyEndpoints)
    func bigFrame(endpoint: String) async throws {
        try await TestNetwork.run { network in
            let router = try await network.peer(.router)
            let dealer = try await network.peer(.dealer)
            try await dealer.connect(try await router.bind(endpoint))
            _ = try await dealer.nextEvent(.handshakeSucceeded)

            var state: UInt32 = 1
            let bytes = (0..<5_000_000).map { _ in
                state = state &* 1_664_525 &+ 1_013_904_223
                return UInt8(state >> 24)
            }
            #expect(await dealer.send([Frame(bytes)]) == .sent)
            #expect(try await router.nextMessage().frames[0].bytes == bytes)
        }
    }

    @Test("can be read at any alignment of their bytes", .timeLimit(.minutes(5)))
    func unalignedReads() async throws {
        try await TestNetwork.run { network in
            let router = try await network.peer(.router)
            let dealer = try await network.peer(.dealer)
            try await dealer.connect(try await router.bind("tcp://127.0.0.1:*"))
            _ = try await dealer.nextEvent(.handshakeSucceeded)

            let values = (0..<100).map(Float.init)
            for headerSize in 0..<8 {
                let header = Frame([UInt8](repeating: 0, count: headerSize))
                let payload = Frame(copying: values.span.bytes)
                #expect(await dealer.send([header, payload]) == .sent)
                let message = try await router.nextMessage()
                let received = message.frames[1].withBytes { bytes in
                    (0..<100).map {
                        bytes.unsafeLoadUnaligned(fromByteOffset: $0 * 4, as: Float.self)
                    }
                }
                #expect(received == values)
            }
        }
    }
}

@Suite("A full queue") struct FullQueueTests {
    @Test("rejects whole messages, and accepts them again once it is read", .timeLimit(.minutes(5)))
    func refusesWholeMessages() async throws {
        try await TestNetwork.run { network in
            var options = SocketOptions()
            options.sendHighWaterMark = 2
            options.receiveHighWaterMark = 2
            let router = try await network.peer(.router, options)
            let dealer = try await network.peer(.dealer, options, reading: false)
            try await dealer.connect(try await router.bind("tcp://127.0.0.1:*"))
            _ = try await dealer.nextEvent(.handshakeSucceeded)
            #expect(await dealer.send([Frame("hello")]) == .sent)
            let sender = try #require(try await router.nextMessage().sender)

            // Fills the queues of both sides and the system's buffers between them.
            let payload = Frame([UInt8](repeating: 1, count: 500_000))
            var sent = 0
            var result = SendResult.sent
            while result == .sent {
                result = await router.send([Frame("\(sent)"), payload], to: sender)
                if result == .sent { sent += 1 }
            }
            #expect(result == .full)

            await dealer.beginReading()
            for index in 0..<sent {
                let message = try await dealer.nextMessage()
                #expect(message.frames.map(\.count) == [Frame("\(index)").count, payload.count])
                #expect(message.frames[0].text == "\(index)")
            }
            // The queue is empty: a router that still reports it full would use stale credit.
            #expect(await router.send([Frame("last")], to: sender) == .sent)
            #expect(try await dealer.nextMessage().frames.map(\.text) == ["last"])
        }
    }

    @Test("has room again as soon as its peer has read", .timeLimit(.minutes(5)))
    func hasRoomAtOnce() async throws {
        // Both sockets are on one thread, so nothing happens between reading and sending.
        actor Couple {
            nonisolated let thread = EventLoop(name: "couple")
            nonisolated var unownedExecutor: UnownedSerialExecutor {
                thread.asUnownedSerialExecutor()
            }

            func fillAndEmpty(_ context: Context) throws -> [SendResult] {
                var options = SocketOptions()
                options.receiveHighWaterMark = 16
                let router = try Socket(context, .router, options, on: thread)
                let dealer = try Socket(context, .dealer, options, on: thread)
                try router.bind("inproc://couple")
                try dealer.connect("inproc://couple")
                #expect(dealer.send([Frame("hello")]) == .sent)
                guard case .message(let hello)? = router.receive() else { return [] }

                let sendOne = { router.send([Frame("one")], to: hello.sender) }
                var results: [SendResult] = []
                for _ in 0..<100 {
                    while sendOne() == .sent {}
                    while dealer.receive() != nil {}
                    results.append(sendOne())
                }
                return results
            }
        }
        let couple = Couple()
        let context = Context()
        let results = try await couple.fillAndEmpty(context)
        #expect(results == [SendResult](repeating: .sent, count: 100))
        await couple.thread.stop()
        await context.terminate()
    }

    @Test("is what an unconnected dealer has", .timeLimit(.minutes(5)))
    func refusesWithoutConnection() async throws {
        try await TestNetwork.run { network in
            let dealer = try await network.peer(.dealer)
            #expect(await dealer.send([Frame("hello")]) == .full)
        }
    }
}

@Suite("An oversized message") struct OversizedMessageTests {
    @Test("is dropped and reported, and the socket keeps working", .timeLimit(.minutes(5)))
    func isDropped() async throws {
        try await TestNetwork.run { network in
            var options = SocketOptions()
            options.maximumFrameCount = 3
            options.maximumMessageSize = 1000
            let router = try await network.peer(.router, options)
            let dealer = try await network.peer(.dealer)
            try await dealer.connect(try await router.bind("tcp://127.0.0.1:*"))
            _ = try await dealer.nextEvent(.handshakeSucceeded)

            let bit = Frame("bit"), half = Frame([UInt8](repeating: 0, count: 501))
            #expect(await dealer.send([Frame](repeating: bit, count: 4)) == .sent)
            #expect(await dealer.send([half, half, bit]) == .sent)
            #expect(await dealer.send([half, bit, bit]) == .sent)

            let reports = [try await router.nextReceived(), try await router.nextReceived()]
            for (report, expected) in zip(reports, [(4, 12), (3, 1005)]) {
                guard case .oversized(let sender, let frames, let bytes) = report else {
                    Issue.record("a message over the limits was kept")
                    continue
                }
                #expect(sender != nil && (frames, bytes) == expected)
            }
            #expect(try await router.nextMessage().frames.map(\.count) == [501, 3, 3])
        }
    }

    @Test("with one huge frame breaks only its own connection", .timeLimit(.minutes(5)))
    func hugeFrameBreaksConnection() async throws {
        try await TestNetwork.run { network in
            var options = SocketOptions()
            options.maximumMessageSize = 1000
            let router = try await network.peer(.router, options)
            let offender = try await network.peer(.dealer)
            let other = try await network.peer(.dealer)
            let address = try await router.bind("tcp://127.0.0.1:*")
            for dealer in [offender, other] {
                try await dealer.connect(address)
                _ = try await dealer.nextEvent(.handshakeSucceeded)
            }
            #expect(await offender.send([Frame([UInt8](repeating: 0, count: 1001))]) == .sent)
            _ = try await offender.nextEvent(.disconnected)
            #expect(await other.send([Frame("still here")]) == .sent)
            #expect(try await router.nextMessage().frames.map(\.text) == ["still here"])
        }
    }
}

extension Frame {
    var address: Int { withBytes { $0.withUnsafeBytes { Int(bitPattern: $0.baseAddress) } } }
}

extension Peer {
    /// Waits until a connection is ready; inproc connections are ready at once, without an event.
    nonisolated func nextEvent(for endpoint: String) async throws {
        if !endpoint.hasPrefix("inproc") { _ = try await nextEvent(.handshakeSucceeded) }
    }
}
