import DataParallel
import Protocol
import ZeroMQ

/// Feeds a receiver of payloads in blocks with messages drawn from the bytes.
///
/// Whatever arrives, it keeps no more than one payload, and passes on nothing but what arrived in order.
func checkPayloadBlocks(_ bytes: [UInt8]) {
    var draw = Draw(bytes)
    var receiver = CheckedAssembly()
    while !draw.isUsedUp { receiver.event(&draw) }
}

private struct CheckedAssembly {
    private static let sizes = PayloadSizes(whole: 32, least: 16, most: 32)
    private static let size = 70

    private var assembly = PayloadAssembly(sizes: sizes)
    private let payloads = (1...3).map { messages(step: $0) }
    /// The payload that a sender has under way, and its next block.
    private var sending = (payload: 0, block: 0)
    /// What has arrived of the payload under way.
    private var arrived: [UInt8] = []

    private static func messages(step: Int) -> [[Frame]] {
        let work = WorkHeader(step: step, ranges: SlotRanges(0..<1), checksum: 0)
        let whole = [
            Frame(CoordinatorMessage.weights(work).header(run: fuzzedRun)),
            Frame((0..<size).map { UInt8($0 + step) }),
        ]
        guard let blocks = PayloadBlocks(whole, sizes: sizes) else {
            fatalError("a large payload travels whole")
        }
        return stride(from: 0, to: size, by: sizes.least).map { offset in
            blocks.message(
                from: offset, most: sizes.least, header: whole[0], countedBy: FrameUse())
        }
    }

    mutating func event(_ draw: inout Draw) {
        let message = message(&draw)
        let isExpected = draw.byte() < 224
        let result = assembly.receive(message, size: Self.size, mayBegin: { _ in isExpected })
        switch result {
        case .whole(let frames) where frames[0] === message[0]:
            precondition(frames.count == message.count, "a message loses a frame")
            // A first block that is none discards what is under way, as any other does.
            if assembly.byteCount == 0 { arrived = [] }
        case .whole(let frames):
            precondition(frames[1].bytes == arrived + message[1].bytes, "a payload from nowhere")
            precondition(frames[1].count == Self.size, "a payload of another size")
            arrived = []
        case .begun: arrived = message[1].bytes
        case .continued: arrived += message[1].bytes
        case .broken: arrived = []
        case .skipped: break
        }
        precondition(assembly.byteCount == arrived.count, "more is kept than has arrived")
    }

    private mutating func message(_ draw: inout Draw) -> [Frame] {
        switch draw.byte() % 8 {
        case 0, 1, 2, 3: return next()
        case 4:
            sending = (draw.byte() % payloads.count, 0)
            return next()
        case 5: return any(&draw)
        case 6: return [any(&draw)[0], any(&draw)[1]]
        default: return forged(&draw)
        }
    }

    /// The next block of an honest sender.
    private mutating func next() -> [Frame] {
        let messages = payloads[sending.payload]
        defer { sending.block = (sending.block + 1) % messages.count }
        return messages[sending.block]
    }

    private func any(_ draw: inout Draw) -> [Frame] {
        let messages = payloads[draw.byte() % payloads.count]
        return messages[draw.byte() % messages.count]
    }

    /// A block whose header has drawn numbers, or that is cut off.
    private func forged(_ draw: inout Draw) -> [Frame] {
        let block = any(&draw)
        guard let identity = StepIdentity(block[0].bytes) else { return block }
        let header = BlockHeader(
            identity, offset: draw.number() & .max, count: draw.index(),
            checksum: block[1].checksum
        ).header
        return [Frame(Array(header.prefix(draw.byte()))), block[1]]
    }
}
