import Protocol
import Testing

@Suite("Messages") struct RoundTripTests {
    private let run = RunID(0xFEDC_BA98_7654_3210)

    static let workerMessages: [WorkerMessage] = [
        .hello(Hello(host: "nöde \"1\"", pid: 4711, lanes: 2, kernels: "avx512")),
        .hello(
            Hello(
                host: "node", pid: 1, lanes: 1, kernels: "avx2",
                identity: String(repeating: "a", count: 32))),
        .ready(SlotRanges(3..<9)),
        .fetch(Fetch(shard: 15, first: 1337)),
        .status(WorkerStatus(phase: .computing, step: 1 << 40, seconds: 0.125)),
        .status(WorkerStatus(phase: .idle, step: nil, seconds: 0)),
        .leave(Notice(reason: "tired")),
        .partialSum(
            PartialSumHeader(
                step: 1 << 40, level: 4, residue: 11, examples: 128, correct: 97,
                loss: 0.1 + 0.2, checksum: .max)),
    ]

    /// The largest possible number of ranges.
    static let alternating = SlotRanges((0..<maximumShards).map { $0..<$0 + 1 })

    static let coordinatorMessages: [CoordinatorMessage] = [
        .welcome(
            Welcome(
                architecture: "{\"cell\":\"rnn\"}", examples: 60_000, batchSize: 128, shards: 16,
                seed: .max, labelSmoothing: 0.1)),
        .refuse(Notice(reason: "no")),
        .assign(SlotRanges(0..<0)),
        .assign(SlotRanges([0..<8, 12..<16])),
        .shardPart(ShardPart(shard: 0, first: 0, count: 1337)),
        .ping,
        .expel(Notice(reason: "no answer")),
        .stop(Notice(reason: "done")),
        .weights(WorkHeader(step: 0, ranges: SlotRanges(0..<16), checksum: 1)),
        .compute(WorkHeader(step: 7, ranges: alternating, checksum: 0)),
        .compute(WorkHeader(step: 7, ranges: SlotRanges(5..<6), checksum: 0, isTimed: true)),
    ]

    @Test("from workers read back unchanged", arguments: workerMessages)
    func worker(message: WorkerMessage) throws {
        let decoded = try WorkerMessage.decode(
            message.header(run: run), payloadFrames: message.payloadFrames)
        #expect(decoded.message == message)
        #expect(decoded.run == run)
    }

    @Test("from the coordinator read back unchanged", arguments: coordinatorMessages)
    func coordinator(message: CoordinatorMessage) throws {
        let decoded = try CoordinatorMessage.decode(
            message.header(run: run), payloadFrames: message.payloadFrames)
        #expect(decoded.message == message)
        #expect(decoded.run == run)
    }

    @Test("have readable control headers")
    func readable() {
        let header = WorkerMessage.fetch(Fetch(shard: 3, first: 40)).header(run: RunID(255))
        #expect(
            String(decoding: header, as: UTF8.self)
                == #"{"body":{"first":40,"shard":3},"run":"00000000000000ff","tern":8,"type":"fetch"}"#
        )
    }

    @Test("fit the header limit even at their longest")
    func longest() {
        let work = WorkHeader(step: .max, ranges: Self.alternating, checksum: .max)
        for message: CoordinatorMessage in [
            .weights(work), .compute(work), .assign(Self.alternating),
        ] {
            #expect(message.header(run: run).count <= maximumHeaderSize)
        }
        let ready = WorkerMessage.ready(Self.alternating)
        #expect(ready.header(run: run).count <= maximumHeaderSize)
    }

    @Test("have the documented layout in step headers")
    func drawn() {
        let work = WorkHeader(
            step: 2, attempt: 9, ranges: SlotRanges([3..<5, 9..<10]), checksum: 7)
        #expect(
            CoordinatorMessage.compute(work).header(run: RunID(1))
                == Array("TERN".utf8) + [8, 0, 2, 9] + [1, 0, 0, 0, 0, 0, 0, 0]
                + [2, 0, 0, 0, 0, 0, 0, 0] + [2, 0, 0, 0, 0, 0, 0, 0] + [7, 0, 0, 0, 0, 0, 0, 0]
                + [3, 0, 0, 0, 2, 0, 0, 0] + [9, 0, 0, 0, 1, 0, 0, 0])
        let sum = PartialSumHeader(
            step: 2, attempt: 8, level: 3, residue: 4, examples: 5, correct: 6, loss: 1,
            checksum: 7)
        let header = WorkerMessage.partialSum(sum).header(run: RunID(1))
        #expect(
            header == Array("TERN".utf8) + [8, 0, 3, 8] + [1, 0, 0, 0, 0, 0, 0, 0]
                + [2, 0, 0, 0, 0, 0, 0, 0] + [3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0]
                + [0, 0, 0, 0, 0, 0, 0xF0, 0x3F] + [7, 0, 0, 0, 0, 0, 0, 0])
        var last = sum
        last.timing = WorkTiming(
            began: .microseconds(1 << 40), took: .microseconds(9),
            lanes: [.init(start: .microseconds(2), time: .microseconds(3))])
        #expect(
            WorkerMessage.partialSum(last).header(run: RunID(1))
                == header + [1, 0, 0, 0, 9, 0, 0, 0] + [0, 0, 0, 0, 0, 1, 0, 0]
                + [2, 0, 0, 0, 3, 0, 0, 0])
    }

    @Test("of payloads in blocks have the documented layout, and read back unchanged")
    func block() throws {
        let work = WorkHeader(step: 2, attempt: 9, ranges: SlotRanges(3..<5), checksum: 7)
        let identity = try #require(
            StepIdentity(CoordinatorMessage.weights(work).header(run: RunID(1))))
        let block = BlockHeader(identity, offset: 1 << 33, count: 513, checksum: 5)
        #expect(
            block.header == Array("TERN".utf8) + [8, 0, 4, 9] + [1, 0, 0, 0, 0, 0, 0, 0]
                + [2, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 0, 2, 0, 0, 0] + [1, 2, 0, 0, 0, 0, 0, 0]
                + [5, 0, 0, 0, 0, 0, 0, 0])
        #expect(BlockHeader.isPresent(in: block.header))
        #expect(try BlockHeader.decode(block.header) == block)
        #expect(StepIdentity(WorkerMessage.leave(Notice(reason: "")).header(run: run)) == nil)
    }

    @Test("carry times in microseconds, for at most 64 lanes, clamped to 32 bits")
    func times() throws {
        let lane = WorkTiming.Lane(start: .microseconds(1), time: .seconds(5000))
        let timing = WorkTiming(
            began: .nanoseconds(1500), took: .milliseconds(2),
            lanes: [WorkTiming.Lane](repeating: lane, count: 70))
        var sum = PartialSumHeader(
            step: 2, level: 0, residue: 0, examples: 1, correct: 0, loss: 1, checksum: 0)
        sum.timing = timing
        let message = WorkerMessage.partialSum(sum)
        let (read, _) = try WorkerMessage.decode(message.header(run: run), payloadFrames: 1)
        #expect(read == message)
        #expect(timing.began == .microseconds(1))
        #expect(timing.took == .milliseconds(2))
        #expect(timing.laneCount == 64)
        #expect(timing.lane(63).start == .microseconds(1))
        #expect(timing.lane(63).time == .microseconds(UInt32.max))
    }
}
