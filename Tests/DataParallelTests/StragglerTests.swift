import DataParallel
import Protocol
import RunEvents
import Testing

@Suite("A straggler") struct StragglerTests {
    private let coordinator = CoordinatorUnderTest(workersToBegin: 2)

    /// Makes some steps of 10 ms and begins another, which b has answered.
    private func fallBehind() {
        coordinator.join("a", "b")
        for _ in 0..<3 { coordinator.makeStep(milliseconds: 10) }
        coordinator.answer("b")
    }

    @Test("is pinged, and an idle worker computes its slots")
    func helped() {
        fallBehind()
        coordinator.pass(milliseconds: 100)
        #expect(coordinator.isSent(.ping, to: "a"))
        #expect(coordinator.owed("b") == [])
        coordinator.send(
            .status(WorkerStatus(phase: .computing, step: 3, seconds: 0.09)), from: "a")
        coordinator.pass(milliseconds: 50)
        #expect(coordinator.owed("b") == Array(0..<4))
        #expect(
            coordinator.events.last
                == .late(
                    worker: "a:1", state: "computing step 4 for 0.1 s",
                    OwedWork(step: 4, shards: [0, 4, 2, 6], seconds: 0.15, helpers: ["b:2"]),
                    times: 1))
        coordinator.join("c")
        coordinator.pass(milliseconds: 500)
        #expect(coordinator.owed("c") == [], "no slot is computed by three")
    }

    @Test("may still answer first: the other's copy is then ignored silently")
    func latecomerFirst() {
        fallBehind()
        coordinator.pass(milliseconds: 200)
        coordinator.answer("a")
        #expect(coordinator.steps == 4)
        coordinator.checkpointWritten()
        #expect(coordinator.owed("a") == Array(0..<4))
        #expect(coordinator.owed("b") == Array(4..<8), "it begins with the next step")
        let told = coordinator.events.count
        let late = WorkHeader(step: 3, ranges: SlotRanges(0..<4), checksum: 0)
        coordinator.send(.partialSum(coordinator.sums(late)[0]), from: "b")
        #expect(coordinator.last == [])
        coordinator.makeStep()
        #expect(coordinator.events.count == told + 1, "but for the step")
    }

    @Test("gets no more requests before it has answered, and then gets its share again")
    func behind() {
        fallBehind()
        let late = coordinator.asked["a"] ?? []
        coordinator.pass(milliseconds: 200)
        coordinator.answer("b")
        #expect(coordinator.steps == 4)
        coordinator.checkpointWritten()
        #expect(coordinator.asked["a"] == late)
        #expect(coordinator.owed("b") == Array(0..<8))
        coordinator.answer("a")
        #expect(coordinator.owed("a") == [])
        coordinator.answer("b")
        #expect(coordinator.steps == 5)
        #expect(coordinator.owed("a") == Array(0..<4))
    }

    @Test("may answer with a sum that is covered in part: the rest is requested anew")
    func overlap() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 3)
        coordinator.join("a", "b", "c")
        for _ in 0..<3 { coordinator.makeStep(milliseconds: 10) }
        #expect(coordinator.owed("a") == [0, 1, 2])
        coordinator.answer("b")
        coordinator.answer("c")
        coordinator.pass(milliseconds: 200)
        let helpers = coordinator.owed("b") + coordinator.owed("c")
        #expect(helpers.sorted() == [0, 1, 2])
        // One of two helpers answers and the other leaves; the late sum then covers too much.
        #expect(coordinator.owed("b") == [0, 1])
        let half = WorkHeader(step: 3, ranges: SlotRanges(0..<1), checksum: 0)
        coordinator.send(.partialSum(coordinator.sums(half)[0]), from: "b")
        coordinator.lose("b")
        #expect(coordinator.owed("c") == [2], "a still owes 1")
        coordinator.answer("a")
        #expect(coordinator.owed("c") == [2] || coordinator.steps == 4)
        coordinator.makeStep()
        #expect(coordinator.steps >= 4)
        #expect(
            coordinator.events.allSatisfy { if case .dropped = $0 { false } else { true } })
    }

    @Test("that is far too late is dropped and notified; its later messages are ignored")
    func dropped() {
        fallBehind()
        coordinator.pass(milliseconds: 3_000)
        #expect(!coordinator.machine.isExpelled("a"))
        coordinator.pass(milliseconds: 150)
        #expect(coordinator.machine.isExpelled("a"))
        guard case .left("a:1", let reason, 1, let owed?) = coordinator.events.last else {
            Issue.record("\(coordinator.events.suffix(2))")
            return
        }
        #expect(reason.hasPrefix("no answer for 3.1 s, silent for 3."))
        #expect(owed.shards == [0, 4, 2, 6])
        coordinator.answer("a")
        #expect(coordinator.last == [])
        coordinator.makeStep()
        coordinator.checkpointWritten()
        coordinator.join("a")
        coordinator.makeStep()
        #expect(coordinator.owed("a") != [], "it has come back as a fresh member")
    }

    @Test(
        "that gets on with a large message is not dropped, however long it takes",
        arguments: [false, true])
    func slowLink(isSender: Bool) {
        fallBehind()
        for _ in 0..<20 {
            coordinator.pass(milliseconds: 2_900)
            coordinator.passBlock("a", isSender: isSender)
        }
        var isExpelled = coordinator.machine.isExpelled("a")
        #expect(!isExpelled)
        // Its helper, which was dropped, has doubled the timeout.
        coordinator.pass(milliseconds: 6_150)
        isExpelled = coordinator.machine.isExpelled("a")
        #expect(isExpelled)
    }

    @Test("slower than all before gets twice the time on each return, until it can answer")
    func slowerThanAllBefore() {
        let coordinator = CoordinatorUnderTest()
        coordinator.join("fast")
        for _ in 0..<20 {
            coordinator.makeStep(milliseconds: 1)
            coordinator.checkpointWritten()
        }
        coordinator.lose("fast")
        // It takes eight seconds; the minimum timeout is three.
        var attempts = 0
        while coordinator.steps == 20, attempts < 10 {
            attempts += 1
            coordinator.join("slow")
            coordinator.pass(milliseconds: 8_000)
            if !coordinator.machine.isExpelled("slow") { coordinator.answer("slow") }
        }
        #expect(attempts == 3)
        #expect(coordinator.steps == 21)
    }

    @Test("is not late for time in which the coordinator itself was suspended")
    func sleep() {
        fallBehind()
        coordinator.pass(milliseconds: 50)
        coordinator.jump(milliseconds: 60_000)
        coordinator.pass(milliseconds: 50)
        #expect(!coordinator.machine.isExpelled("a"))
        coordinator.answer("a")
        #expect(coordinator.steps == 4)
        coordinator.checkpointWritten()
    }

    @Test("that stops fetching its data is dropped before training begins")
    func fetching() {
        coordinator.isFetching = true
        coordinator.join("a", "b")
        coordinator.finishFetching(of: "b")
        coordinator.pass(milliseconds: 2_000)
        coordinator.send(.fetch(Fetch(shard: 0, first: 0)), from: "a")
        coordinator.pass(milliseconds: 2_900)
        #expect(!coordinator.machine.isExpelled("a"))
        coordinator.pass(milliseconds: 200)
        #expect(coordinator.machine.isExpelled("a"))
    }
}
