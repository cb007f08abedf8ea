import DataParallel
import Kernels
import Protocol
import Reduction
import Simulation
import Testing

@Suite("The worker's driver") struct WorkerDriverTests {
    private let world = ScriptedWorkerWorld()
    private let driver: WorkerDriver<ScriptedWorkerWorld>
    private let plan = BatchPlan(examples: 10, batchSize: 4, shards: 2)

    /// A worker that has joined and has all its data.
    init() throws {
        driver = WorkerDriver(
            hello: WorkerUnderTest.hello, settings: WorkerSettings(joinTimeout: nil),
            kernels: try Kernels.select(nil), in: world)
        driver.start()
        join()
    }

    private func join() {
        driver.handle { $0.connected(now: $1) }
        receive(.welcome(Welcome(sampleArchitecture, plan: plan, seed: 3, labelSmoothing: 0)))
        receive(.assign(SlotRanges(0..<2)))
        for shard in 0..<2 { receive(.shardPart(ShardPart(shard: shard, first: 0, count: 5))) }
    }

    private func receive(_ message: CoordinatorMessage) {
        driver.receive(message.frames(run: WorkerUnderTest.run, for: sampleArchitecture))
    }

    private func receiveWork(_ slots: Range<Int>...) {
        receive(.weights(WorkHeader(step: 0, ranges: SlotRanges(slots), checksum: 0)))
    }

    private func compute() throws {
        let (part, sums) = try #require(world.takePart())
        driver.computed(part, sums, in: nil)
    }

    private var sums: [PartialSumHeader] {
        world.sent.compactMap { if case .partialSum(let sum) = $0 { sum } else { nil } }
    }

    @Test("sends the sums of the fewest nodes, with the checksum of their gradients")
    func answer() throws {
        receiveWork(0..<2)
        try compute()
        #expect(sums.map(\.level) == [0])
        #expect(sums.map(\.examples) == [4])
    }

    @Test("tells where its time went exactly if it is asked", arguments: [false, true])
    func timing(isTimed: Bool) throws {
        receive(
            .weights(
                WorkHeader(step: 0, ranges: SlotRanges(0..<2), checksum: 0, isTimed: isTimed)))
        let (part, partials) = try #require(world.takePart())
        driver.computed(part, partials, in: .milliseconds(1)..<(.milliseconds(3)))
        #expect(sums.map { $0.timing?.lane(0).time } == [isTimed ? .milliseconds(2) : nil])
    }

    @Test("computes a range only once the sums of the previous one are sent")
    func hold() throws {
        receiveWork(0..<1, 1..<2)
        world.hasRoom = false
        try compute()
        #expect(sums.isEmpty)
        #expect(world.parts.isEmpty, "sums pile up")
        #expect(world.takeRetry())
        driver.retry()
        #expect(world.parts.isEmpty, "there is still no room")
        world.hasRoom = true
        #expect(world.takeRetry())
        driver.retry()
        #expect(sums.count == 1)
        #expect(!world.takeRetry())
        try compute()
        #expect(sums.count == 2)
    }

    @Test("computes a range only once the sums that the connection has taken are on their way")
    func holdForSlowLink() throws {
        receiveWork(0..<1, 1..<2)
        world.isSending = true
        try compute()
        #expect(sums.count == 1)
        #expect(world.parts.isEmpty, "sums pile up")
        #expect(world.takeRetry())
        driver.retry()
        #expect(world.parts.isEmpty, "they are not sent yet")
        world.isSending = false
        #expect(world.takeRetry())
        driver.retry()
        try compute()
        #expect(sums.count == 2)
    }

    @Test("keeps the order of messages while there is no room, and skips repeated ones")
    func order() {
        world.hasRoom = false
        receive(.ping)
        driver.handle { $0.interrupt(15, now: $1) }
        world.hasRoom = true
        let count = world.sent.count
        receive(.ping)
        driver.sendWaiting()
        #expect(
            world.sent[count...] == [.leave(Notice(reason: "it was stopped by a signal"))])
    }

    @Test("drops queued messages with the connection")
    func lostConnection() throws {
        receiveWork(0..<1, 1..<2)
        world.hasRoom = false
        try compute()
        driver.disconnected()
        world.hasRoom = true
        #expect(world.takeRetry())
        driver.retry()
        #expect(sums.isEmpty)
        #expect(world.parts.isEmpty)
    }

    @Test("ignores a lane that computes for an earlier run")
    func earlierLane() throws {
        receiveWork(0..<2)
        let (part, sums) = try #require(world.takePart())
        driver.disconnected()
        join()
        receiveWork(0..<2)
        driver.computed(part, sums, in: nil)
        #expect(self.sums.isEmpty)
        try compute()
        #expect(self.sums.count == 1)
    }

    @Test("drops weights and examples that do not match their header")
    func door() {
        let run = WorkerUnderTest.run
        var weights = CoordinatorMessage.weights(
            WorkHeader(step: 0, ranges: SlotRanges(0..<2), checksum: 0)
        ).frames(run: run, for: sampleArchitecture)
        weights[1] = VirtualFrame(weights[1].bytes.map { _ in 1 })
        driver.receive(weights)
        weights[1] = VirtualFrame([])
        driver.receive(weights)
        var examples = CoordinatorMessage.shardPart(ShardPart(shard: 0, first: 0, count: 5))
            .frames(run: run, for: sampleArchitecture)
        examples[2] = VirtualFrame([0, 1, 2, 0, 0])
        driver.receive(examples)
        let dropped = world.events.filter { if case .dropped = $0 { true } else { false } }
        #expect(dropped.count == 3)
        #expect(world.parts.isEmpty)
    }

    @Test("is rejected by a coordinator of another version")
    func otherVersion() {
        var header = CoordinatorMessage.weights(
            WorkHeader(step: 0, ranges: SlotRanges(0..<2), checksum: 0)
        ).header(run: WorkerUnderTest.run)
        header[4] += 1
        driver.receive([VirtualFrame(header), VirtualFrame([])])
        guard case .refused(let reason)? = world.outcome else {
            Issue.record("the worker went on")
            return
        }
        #expect(reason.hasPrefix("the coordinator cannot be understood: "))
    }
}
