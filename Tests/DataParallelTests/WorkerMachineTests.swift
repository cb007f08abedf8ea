import DataParallel
import Files
import Protocol
import Reduction
import Testing

private let run = WorkerUnderTest.run
private let hello = WorkerUnderTest.hello

/// A valid welcome, except for the given arguments.
private func welcome(
    architecture: String = jsonText(sampleArchitecture), examples: Int = 10,
    batchSize: Int = 4, shards: Int = 2, labelSmoothing: Double = 0
) -> Welcome {
    Welcome(
        architecture: architecture, examples: examples, batchSize: batchSize, shards: shards,
        seed: 3, labelSmoothing: labelSmoothing)
}

@Suite("The worker's decisions") struct WorkerMachineTests {
    private let plan = BatchPlan(examples: 10, batchSize: 4, shards: 2)
    private let machine = WorkerUnderTest()

    private func join() {
        _ = machine.connected()
        _ = machine.receive(.welcome(welcome()))
    }

    /// Receives the data of both shards.
    private func fetchAll() {
        _ = machine.receive(.assign(SlotRanges(0..<2)))
        for shard in 0..<2 {
            _ = machine.receive(.shardPart(ShardPart(shard: shard, first: 0, count: 5)))
        }
    }

    private func weights(step: Int, _ slots: Range<Int>) -> CoordinatorMessage {
        .weights(WorkHeader(step: step, ranges: SlotRanges(slots), checksum: 0))
    }

    @Test("it sends hello again and again until it is answered")
    func greeting() {
        #expect(machine.connected() == [.send(.hello(hello), .unknown)])
        #expect(machine.tick(at: 1) == [.send(.hello(hello), .unknown)])
        join()
        #expect(machine.tick(at: 2) == [])
    }

    @Test("it reports every five seconds that it waits, and fails after the timeout")
    func timeout() {
        #expect(machine.tick(at: 4) == [])
        #expect(
            machine.tick(at: 5) == [.report(.waiting(seconds: 5, .none))])
        #expect(machine.tick(at: 6) == [])
        #expect(machine.tick(at: 20) == [.finish(.noCoordinator(.none))])
    }

    @Test("it reports at once that it is rejected, and again every five seconds")
    func turnedAway() {
        func waiting(_ seconds: Int, _ contact: Contact) -> [WorkerEffect] {
            [.report(.waiting(seconds: seconds, contact))]
        }
        #expect(machine.turnedAway(at: 1) == waiting(1, .turnedAway))
        #expect(machine.turnedAway(at: 2) == [])
        #expect(machine.tick(at: 6) == waiting(6, .turnedAway))
        #expect(machine.tick(at: 11) == waiting(11, .none))
        #expect(machine.turnedAway(at: 19) == [])
        #expect(machine.tick(at: 20) == [.finish(.noCoordinator(.turnedAway))])
    }

    @Test(
        "it reports at once that the coordinator's name is unknown, and again until it resolves")
    func unresolved() {
        func waiting(_ seconds: Int, _ contact: Contact) -> [WorkerEffect] {
            [.report(.waiting(seconds: seconds, contact))]
        }
        #expect(machine.unresolved("a", at: 1) == waiting(1, .unresolved("a")))
        #expect(machine.unresolved("b", at: 2) == [])
        // The resolver may take long.
        #expect(machine.tick(at: 8) == waiting(8, .unresolved("b")))
        machine.dialling()
        #expect(machine.tick(at: 13) == waiting(13, .none))
        #expect(machine.unresolved("c", at: 14) == [])
        #expect(machine.tick(at: 20) == [.finish(.noCoordinator(.unresolved("c")))])
    }

    @Test("it fetches missing data part by part, and then reports that it is ready")
    func fetching() {
        join()
        func fetch(_ shard: Int, _ first: Int) -> WorkerEffect {
            .send(.fetch(Fetch(shard: shard, first: first)), run)
        }
        #expect(machine.receive(.assign(SlotRanges(0..<2))) == [fetch(0, 0)])
        let first = ShardPart(shard: 0, first: 0, count: 2)
        #expect(
            machine.receive(.shardPart(first))
                == [.storeShardPart(first), fetch(0, 2)])
        let second = ShardPart(shard: 0, first: 2, count: 3)
        #expect(
            machine.receive(.shardPart(second))
                == [.storeShardPart(second), fetch(1, 0)])
        let third = ShardPart(shard: 1, first: 0, count: 5)
        #expect(
            machine.receive(.shardPart(third))
                == [.storeShardPart(third), .send(.ready(SlotRanges(0..<2)), run)])
    }

    @Test("it ignores parts that it did not request")
    func unaskedParts() {
        join()
        _ = machine.receive(.assign(SlotRanges(0..<1)))
        for part in [
            ShardPart(shard: 1, first: 0, count: 5), ShardPart(shard: 0, first: 1, count: 2),
            ShardPart(shard: 0, first: 0, count: 6), ShardPart(shard: 0, first: 0, count: 0),
        ] {
            #expect(machine.receive(.shardPart(part)) == [])
        }
    }

    @Test("it computes one range at a time and answers with the sums")
    func computing() {
        join()
        fetchAll()
        let work = WorkHeader(step: 0, ranges: SlotRanges(0..<1), checksum: 0)
        #expect(
            machine.receive(.weights(work))
                == [.loadWeights(work), .compute(0..<1, step: 0)])
        let more = WorkHeader(step: 0, ranges: SlotRanges(1..<2), checksum: 0)
        #expect(machine.receive(.compute(more)) == [])
        #expect(
            machine.computed(step: 0)
                == [.sendSums(step: 0, run), .compute(1..<2, step: 0)])
        #expect(machine.computed(step: 0) == [.sendSums(step: 0, run)])
    }

    @Test("it does not answer for a step that is over, and continues with the next")
    func overtaken() {
        join()
        fetchAll()
        _ = machine.receive(weights(step: 0, 0..<2))
        _ = machine.receive(weights(step: 1, 0..<2))
        #expect(machine.computed(step: 0) == [.discardSums, .compute(0..<2, step: 1)])
    }

    @Test("it ignores another run's messages and impossible ranges")
    func impossible() {
        join()
        fetchAll()
        #expect(machine.receive(weights(step: 0, 0..<2), run: RunID(8)) == [])
        #expect(machine.receive(weights(step: 0, 1..<3)) == [])
        let ahead = WorkHeader(step: 5, ranges: SlotRanges(0..<1), checksum: 0)
        #expect(machine.receive(.compute(ahead)) == [])
    }

    @Test("a lost connection drops everything; after the next one it starts as a new member")
    func reconnection() {
        join()
        fetchAll()
        _ = machine.receive(weights(step: 0, 0..<2))
        #expect(machine.disconnected(at: 3) == [.reset, .report(.lost)])
        #expect(machine.connected(at: 4) == [.send(.hello(hello), .unknown)])
        join()
        fetchAll()
        let work = WorkHeader(step: 9, ranges: SlotRanges(0..<2), checksum: 0)
        #expect(
            machine.receive(.weights(work))
                == [.loadWeights(work), .compute(0..<2, step: 9)])
    }

    @Test("it reports ready for each range that was assigned to it")
    func severalRanges() {
        join()
        _ = machine.receive(.assign(SlotRanges(1..<2)))
        #expect(machine.receive(.assign(SlotRanges(0..<1))) == [])
        let first = ShardPart(shard: 1, first: 0, count: 5)
        #expect(
            machine.receive(.shardPart(first)) == [
                .storeShardPart(first), .send(.fetch(Fetch(shard: 0, first: 0)), run),
                .send(.ready(SlotRanges(1..<2)), run),
            ])
        let second = machine.receive(.shardPart(ShardPart(shard: 0, first: 0, count: 5)))
        #expect(second.last == .send(.ready(SlotRanges(0..<1)), run))
    }

    @Test("it answers a ping with its state, for how long, and its clock")
    func status() {
        func status(at seconds: Int) -> WorkerStatus? {
            guard case .send(.status(let status), run) = machine.receive(.ping, at: seconds).first
            else { return nil }
            return status
        }
        #expect(status(at: 0) == nil, "it is no member")
        join()
        #expect(status(at: 3) == WorkerStatus(phase: .idle, step: nil, seconds: 3, clock: 3))
        _ = machine.receive(.assign(SlotRanges(0..<2)), at: 4)
        #expect(status(at: 6) == WorkerStatus(phase: .fetching, step: nil, seconds: 2, clock: 6))
        fetchAll()
        _ = machine.receive(weights(step: 5, 0..<2), at: 7)
        #expect(status(at: 9) == WorkerStatus(phase: .computing, step: 5, seconds: 2, clock: 9))
        _ = machine.computed(step: 5, at: 10)
        #expect(status(at: 11) == WorkerStatus(phase: .idle, step: nil, seconds: 1, clock: 11))
    }

    @Test("dropped, it forgets everything and sends hello again once its lanes are free")
    func expelled() {
        join()
        fetchAll()
        _ = machine.receive(weights(step: 0, 0..<2))
        let expel = CoordinatorMessage.expel(Notice(reason: "late"))
        #expect(machine.receive(expel) == [.report(.expelled("late"))])
        #expect(machine.tick(at: 1) == [], "its lanes are not free")
        #expect(machine.receive(.welcome(welcome())) == [])
        #expect(machine.receive(weights(step: 1, 0..<2)) == [])
        #expect(machine.computed(step: 0) == [.reset, .send(.hello(hello), .unknown)])
        join()
        #expect(
            machine.receive(.assign(SlotRanges(0..<2)))
                == [.send(.fetch(Fetch(shard: 0, first: 0)), run)])
        #expect(
            machine.receive(expel)
                == [.report(.expelled("late")), .reset, .send(.hello(hello), .unknown)])
    }

    @Test("dropped, it can still be told to stop")
    func expelledAtTheEnd() {
        join()
        _ = machine.receive(.expel(Notice(reason: "late")))
        #expect(machine.receive(.stop(Notice(reason: "done")), run: RunID(8)) == [])
        #expect(
            machine.receive(.stop(Notice(reason: "done"))).last == .finish(.dismissed("done")))
    }

    private let leave = [
        WorkerEffect.send(.leave(Notice(reason: "it was stopped by a signal")), run),
        .finish(.interrupted(signal: 15)),
    ]

    @Test("on a signal it finishes its answer and leaves")
    func politeLeave() {
        join()
        fetchAll()
        let more = WorkHeader(step: 0, ranges: SlotRanges(1..<2), checksum: 0)
        _ = machine.receive(weights(step: 0, 0..<1))
        _ = machine.receive(.compute(more))
        #expect(machine.interrupt() == [])
        #expect(machine.receive(.compute(more)) == [])
        #expect(machine.computed(step: 0) == [.sendSums(step: 0, run)] + leave)
    }

    @Test("and leaves at once if it is idle, gets a second signal, or its lanes take too long")
    func impoliteLeave() {
        join()
        fetchAll()
        #expect(machine.interrupt() == leave)
        for isTold in [true, false] {
            let machine = WorkerUnderTest()
            _ = machine.connected()
            _ = machine.receive(.welcome(welcome(examples: 2, batchSize: 2, shards: 1)))
            _ = machine.receive(.assign(SlotRanges(0..<1)))
            _ = machine.receive(.shardPart(ShardPart(shard: 0, first: 0, count: 2)))
            _ = machine.receive(weights(step: 0, 0..<1))
            #expect(machine.interrupt(at: 1) == [])
            #expect(machine.tick(at: 5) == [])
            #expect((isTold ? machine.interrupt(at: 5) : machine.tick(at: 6)) == leave)
        }
    }

    @Test("it ends when it is told to stop, rejected, or interrupted by a signal")
    func ends() {
        join()
        #expect(
            machine.receive(.stop(Notice(reason: "done")))
                == [.send(.leave(Notice(reason: "done")), run), .finish(.dismissed("done"))])
        #expect(machine.interrupt() == [], "it has ended already")

        let refused = WorkerUnderTest()
        #expect(
            refused.receive(.refuse(Notice(reason: "no"))) == [.finish(.refused("no"))])
        let interrupted = WorkerUnderTest()
        #expect(interrupted.interrupt().last == .finish(.interrupted(signal: 15)))
    }

    @Test(
        "it rejects a welcome with impossible numbers",
        arguments: [
            welcome(architecture: "{}"), welcome(examples: 0, batchSize: 0, shards: 0),
            welcome(batchSize: 100, shards: 1), welcome(shards: 3),
        ])
    func nonsense(welcome: Welcome) {
        _ = machine.connected()
        guard case .finish(.refused) = machine.receive(.welcome(welcome)).first
        else {
            Issue.record("the worker went on")
            return
        }
    }
}
