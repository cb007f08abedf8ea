import DataParallel
import Protocol
import Testing
import ZeroMQ

/// A queue, and a transport that keeps what it is given until a test lets it go.
private final class Link {
    private static let sizes = PayloadSizes(whole: 16, least: 16, most: 64)
    var queue = SendQueue(sizes)
    var time = Duration.zero
    /// What the transport has and has not sent yet.
    private(set) var inside: [[Frame]] = []
    /// What the transport was given, in order: a message's size, or a block's number.
    private(set) var taken: [Int] = []
    var hasRoom = true

    static let header = Frame(
        CoordinatorMessage.weights(WorkHeader(step: 1, ranges: SlotRanges(0..<1), checksum: 0))
            .header(run: RunID(1)))

    static func payload(blocks: Int) throws -> PayloadBlocks {
        let payload = Frame((0..<16 * blocks).map { UInt8(truncatingIfNeeded: $0 / 16) })
        return try #require(PayloadBlocks([header, payload], sizes: sizes))
    }

    /// A message whose size names it.
    static func message(_ size: Int) -> [Frame] { [Frame([UInt8](repeating: 0, count: size))] }

    @discardableResult
    func flush() -> Bool {
        queue.flush(now: time) { message in
            guard hasRoom else { return false }
            taken.append(message.count == 1 ? message[0].count : Int(message[1].bytes[0]))
            inside.append(message)
            return true
        }
    }

    /// The transport has sent what it had.
    func drain() { inside = [] }

    func takeTaken() -> [Int] {
        defer { taken = [] }
        return taken
    }
}

@Suite("A queue of messages to a peer") struct SendQueueTests {
    private let link = Link()

    @Test("keeps the order of messages, and knows since when nothing was sent")
    func order() {
        link.hasRoom = false
        for size in [101, 102] {
            link.queue.add(Link.message(size), now: link.time)
            link.time += .seconds(1)
        }
        #expect(!link.flush())
        #expect(link.queue.lastProgress == .zero)
        #expect(link.queue.messageCount == 2)
        link.hasRoom = true
        link.flush()
        #expect(link.takeTaken() == [101, 102])
        #expect(link.queue.isEmpty && link.queue.isNew)
        #expect(link.queue.lastProgress == .seconds(2))
    }

    @Test("gives the transport a few blocks at a time, and the next ones once it has sent those")
    func window() throws {
        link.queue.add(try Link.payload(blocks: 30), header: Link.header, now: .zero)
        #expect(link.flush())
        #expect(link.takeTaken() == Array(0..<8))
        #expect(!link.flush())
        #expect(link.takeTaken() == [])
        link.drain()
        #expect(link.flush())
        #expect(link.takeTaken() == Array(8..<16))
        #expect(link.queue.hasPayloads)
        link.drain()
        link.flush()
        link.drain()
        link.flush()
        #expect(link.takeTaken() == Array(16..<30))
        #expect(link.queue.isEmpty && link.queue.isInUse && !link.queue.isNew)
        link.drain()
        link.queue.look(now: .milliseconds(2))
        #expect(!link.queue.isInUse)
    }

    @Test("sends larger blocks once it has seen that the transport is fast")
    func speed() throws {
        link.queue.add(try Link.payload(blocks: 30), header: Link.header, now: .zero)
        link.flush()
        link.drain()
        link.queue.look(now: .milliseconds(2))
        link.flush()
        #expect(link.takeTaken() == Array(0..<8) + [8, 10, 12, 14, 16, 18, 20, 22])
    }

    @Test("lets messages overtake blocks, except for those that need the payload before")
    func overtaking() throws {
        link.queue.add(try Link.payload(blocks: 10), header: Link.header, now: .zero)
        link.flush()
        link.queue.addBehindPayloads(Link.message(101), now: .zero)
        link.queue.add(Link.message(102), now: .zero)
        link.drain()
        link.flush()
        #expect(link.takeTaken() == Array(0..<8) + [102, 8, 9, 101])
    }

    @Test("drops payloads that nobody needs, with what waits behind them or without it")
    func dropping() throws {
        link.queue.add(try Link.payload(blocks: 10), header: Link.header, now: .zero)
        link.flush()
        link.queue.addBehindPayloads(Link.message(101), now: .zero)
        link.queue.dropPayloads { $0.identity.step != 1 }
        #expect(link.queue.hasPayloads)
        link.queue.dropPayloads { $0.identity.step == 1 }
        link.flush()
        #expect(link.takeTaken() == Array(0..<8) + [101])
        link.queue.add(try Link.payload(blocks: 10), header: Link.header, now: .zero)
        link.queue.addBehindPayloads(Link.message(101), now: .zero)
        link.queue.dropAllBehindPayloads()
        #expect(link.queue.isEmpty)
    }

    @Test("notes progress at each block, so that a slow peer is not taken for one that hangs")
    func progress() throws {
        link.queue.add(try Link.payload(blocks: 30), header: Link.header, now: .zero)
        for second in 1...3 {
            link.time = .seconds(second)
            link.flush()
            #expect(link.queue.lastProgress == link.time)
            link.drain()
        }
        link.time = .seconds(9)
        link.hasRoom = false
        link.flush()
        #expect(link.queue.lastProgress == .seconds(3))
    }
}

@Suite("The window of blocks that the transport has") struct BlockWindowTests {
    private var window = BlockWindow(PayloadSizes(whole: 10, least: 10, most: 40))
    private var inside: [Frame] = []
    private let whole = Frame([UInt8](repeating: 0, count: 40))

    private mutating func fill() {
        while window.hasRoom {
            inside.append(Frame(0..<window.blockSize, of: whole, countedBy: window.inside))
            window.enter(window.blockSize)
        }
    }

    @Test("doubles while all blocks leave before the next look, and blocks with it, up to a limit")
    mutating func growth() {
        var sizes: [Int] = []
        for look in 0..<4 {
            fill()
            #expect(inside.count == 8)
            inside = []
            window.look(now: .milliseconds(2 * look))
            sizes.append(window.blockSize)
        }
        #expect(sizes == [20, 40, 40, 40])
    }

    @Test("stays as it is if nothing was sent, or if all blocks have left but late")
    mutating func noGrowth() {
        window.look(now: .zero)
        #expect(window.size == 80)
        fill()
        inside = []
        window.look(now: BlockWindow.period)
        #expect(window.size == 80)
    }

    @Test("shrinks to what leaves within its period, but never below two blocks")
    mutating func slowness() {
        window.begin(now: .zero)
        fill()
        inside.removeFirst(5)
        window.look(now: BlockWindow.period / 2)
        #expect(window.size == 80)
        window.look(now: BlockWindow.period)
        #expect(window.size == 50)
        fill()
        inside.removeFirst(1)
        window.look(now: BlockWindow.period * 2)
        #expect(window.size == 20)
        #expect(window.blockSize == 10)
        #expect(!window.hasRoom)
    }

    @Test("does not take a rest for slowness")
    mutating func rest() {
        window.begin(now: .zero)
        fill()
        window.begin(now: .seconds(60))
        window.look(now: .seconds(60) + .milliseconds(2))
        #expect(window.size == 80)
    }
}
