import DataParallel
import Protocol
import Testing
import ZeroMQ

@Suite("A payload in blocks") struct PayloadAssemblyTests {
    private static let sizes = PayloadSizes(whole: 32, least: 16, most: 32)
    private static let size = 70
    private var assembly = PayloadAssembly(sizes: sizes)

    private static func sum(step: Int, of bytes: [UInt8]) -> [Frame] {
        let sum = PartialSumHeader(
            step: step, attempt: 5, level: 0, residue: 0, examples: 1, correct: 0, loss: 1,
            checksum: Frame(bytes).checksum)
        return [Frame(WorkerMessage.partialSum(sum).header(run: RunID(9))), Frame(bytes)]
    }

    /// The messages that carry a sum, in small blocks.
    private static func messages(step: Int = 3, from first: UInt8 = 0) throws -> [[Frame]] {
        let whole = sum(step: step, of: (0..<UInt8(size)).map { $0 &+ first })
        let blocks = try #require(PayloadBlocks(whole, sizes: sizes))
        return stride(from: 0, to: size, by: sizes.least).map { offset in
            blocks.message(
                from: offset, most: sizes.least, header: whole[0], countedBy: FrameUse())
        }
    }

    private mutating func receive(_ message: [Frame], isExpected: Bool = true) -> String {
        switch assembly.receive(message, size: Self.size, mayBegin: { _ in isExpected }) {
        case .whole(let frames) where frames[0] === message[0] && frames[1] === message[1]:
            "to the door"
        case .whole(let frames): "\(frames[1].bytes)"
        case .begun(let isReplacement): isReplacement ? "begun anew" : "begun"
        case .continued: "continued"
        case .broken(let reason): reason
        case .skipped: "skipped"
        }
    }

    @Test("is put together when the last block arrives")
    mutating func whole() throws {
        let messages = try Self.messages()
        #expect(messages.count == 5)
        #expect(messages.map { $0[1].count } == [16, 16, 16, 16, 6])
        #expect(messages[1][0].count == 48)
        #expect(receive(messages[0]) == "begun")
        for message in messages[1..<4] { #expect(receive(message) == "continued") }
        #expect(assembly.byteCount == 64)
        #expect(receive(messages[4]) == "\(Array(0..<UInt8(Self.size)))")
        #expect(assembly.byteCount == 0)
    }

    @Test("is one that no message carries; a smaller one travels whole")
    func limit() {
        #expect(
            PayloadBlocks(
                Self.sum(step: 1, of: [UInt8](repeating: 0, count: 32)), sizes: Self.sizes) == nil)
        #expect(
            PayloadBlocks(
                Self.sum(step: 1, of: [UInt8](repeating: 0, count: 33)), sizes: Self.sizes) != nil)
        #expect(PayloadSizes.standard.mostBlocks(of: 1 << 18) == 1)
        #expect(PayloadSizes.standard.mostBlocks(of: 1 << 18 + 1) == 5)
    }

    @Test("has blocks of any size, as its sender chooses, but for tiny ones")
    mutating func freeSizes() throws {
        let whole = Self.sum(step: 1, of: Array(0..<UInt8(Self.size)))
        let blocks = try #require(PayloadBlocks(whole, sizes: Self.sizes))
        var results: [String] = []
        for (offset, count) in [(0, 17), (17, 30), (47, 23), (0, 20), (20, 15), (0, 15)] {
            results.append(
                receive(
                    blocks.message(
                        from: offset, most: count, header: whole[0], countedBy: FrameUse())))
        }
        #expect(
            results == [
                "begun", "continued", "\(Array(0..<UInt8(Self.size)))", "begun",
                "a block out of order", "to the door",
            ])
    }

    @Test("leaves other messages alone, which come between its blocks")
    mutating func between() throws {
        let messages = try Self.messages()
        let ping = [Frame(CoordinatorMessage.ping.header(run: RunID(9)))]
        _ = receive(messages[0])
        let result = assembly.receive(ping, size: Self.size, mayBegin: { _ in true })
        guard case .whole(let frames) = result else {
            Issue.record("the ping was kept")
            return
        }
        #expect(frames.count == 1)
        #expect(receive(messages[1]) == "continued")
    }

    @Test("is begun only if it is expected, so that nobody's memory is taken unasked")
    mutating func unexpected() throws {
        let messages = try Self.messages()
        #expect(receive(messages[0], isExpected: false) == "to the door")
        #expect(receive(messages[1]) == "to the door")
        #expect(assembly.byteCount == 0)
    }

    @Test("is begun only in runs whose payloads are that large")
    mutating func otherRun() throws {
        let messages = try Self.messages()
        for message in messages {
            guard case .whole = assembly.receive(message, size: 32, mayBegin: { _ in true }) else {
                Issue.record("a small payload is put together")
                return
            }
        }
    }

    @Test("may be one block, which goes to the door, and replaces what is under way")
    mutating func oneBlock() throws {
        let messages = try Self.messages()
        _ = receive(messages[0])
        #expect(receive(Self.sum(step: 4, of: Array(0..<UInt8(Self.size)))) == "to the door")
        #expect(assembly.byteCount == 0)
        #expect(receive(messages[1]) == "to the door")
    }

    @Test("is replaced by the next one, of which no block is lost")
    mutating func replaced() throws {
        let (old, new) = (try Self.messages(step: 3), try Self.messages(step: 4, from: 1))
        for message in old[..<3] { _ = receive(message) }
        #expect(receive(new[0]) == "begun anew")
        #expect(assembly.byteCount == 16)
        for message in new[1..<4] { #expect(receive(message) == "continued") }
        #expect(receive(new[4]) == "\(Array(1...UInt8(Self.size)))")
    }

    @Test("is discarded at a block of another order, size or message", arguments: 0..<5)
    mutating func disorder(fault: Int) throws {
        let (messages, others) = (try Self.messages(), try Self.messages(step: 4))
        _ = receive(messages[0])
        let wrong =
            switch fault {
            case 0: messages[2]
            case 1: others[1]
            case 2: [messages[1][0], messages[4][1]]
            case 3: [Frame(messages[1][0].bytes.dropLast()), messages[1][1]]
            default: messages[4]
            }
        #expect(receive(wrong) == "a block out of order")
        #expect(assembly.byteCount == 0)
    }

    @Test("is discarded at a damaged block, and its other blocks are passed over, but no more")
    mutating func damaged() throws {
        let messages = try Self.messages()
        _ = receive(messages[0])
        #expect(receive([messages[1][0], messages[2][1]]) == "a block with a wrong checksum")
        for message in messages[2...] { #expect(receive(message) == "skipped") }
        #expect(receive(messages[1]) == "to the door")
        #expect(receive(messages[0]) == "begun")
        for message in messages[1..<4] { #expect(receive(message) == "continued") }
    }

    @Test("has one header for each block, whoever gets it, and memory of its own for none")
    func shared() throws {
        let whole = Self.sum(step: 1, of: Array(0..<UInt8(Self.size)))
        let blocks = try #require(PayloadBlocks(whole, sizes: Self.sizes))
        let use = FrameUse()
        let first = blocks.message(from: 48, most: 16, header: whole[0], countedBy: use)
        let second = blocks.message(from: 48, most: 16, header: whole[0], countedBy: use)
        #expect(first[0] === second[0])
        #expect(use.byteCount == 32)
        let places = [first[1], second[1], whole[1]].map { frame in
            frame.withBytes { $0.withUnsafeBytes { Int(bitPattern: $0.baseAddress) } }
        }
        #expect(places[0] == places[1] && places[0] == places[2] + 48)
    }
}
