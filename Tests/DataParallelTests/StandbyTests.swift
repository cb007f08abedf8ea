import DataParallel
import Protocol
import Testing

@Suite("A worker that is too slow for any share") struct StandbyTests {
    private let coordinator = CoordinatorUnderTest(workersToBegin: 3)

    /// Makes steps in which a and b answer after 2 ms, and c, if it has a request, 95 ms later.
    private func makeSteps(_ count: Int) {
        for _ in 0..<count {
            coordinator.jump(milliseconds: 2)
            for peer in ["a", "b"] { coordinator.answer(peer) }
            if !coordinator.owed("c").isEmpty {
                coordinator.jump(milliseconds: 95)
                coordinator.answer("c")
            }
            coordinator.checkpointWritten()
        }
    }

    /// Lets time pass, with steps, until c gets a request; false if it gets none in that time.
    private func waitForProbe(seconds: Int) -> Bool {
        for _ in 0..<seconds * 20 where coordinator.owed("c").isEmpty {
            for peer in ["a", "b"] { coordinator.answer(peer) }
            coordinator.checkpointWritten()
            coordinator.pass(milliseconds: 50)
        }
        return !coordinator.owed("c").isEmpty
    }

    private var returns: Int {
        coordinator.events.count { if case .backFromStandby = $0 { true } else { false } }
    }

    private func leaveOut() {
        coordinator.join("a", "b", "c")
        makeSteps(20)
    }

    @Test("gets no requests, and the log says why")
    func leftOut() {
        leaveOut()
        #expect(coordinator.owed("c") == [])
        #expect((coordinator.owed("a") + coordinator.owed("b")).sorted() == Array(0..<8))
        let told = coordinator.events.compactMap { event in
            if case .standingBy(let worker, let seconds, let usual) = event {
                (worker, seconds, usual)
            } else {
                nil
            }
        }
        #expect(told.count == 1)
        #expect(told.first.map { $0.0 == "c:3" && $0.1 > 0.09 && $0.2 < 0.01 } == true)
    }

    @Test("is probed with slots that another worker computes too, and nobody waits for it")
    func probed() {
        leaveOut()
        #expect(!waitForProbe(seconds: 8))
        #expect(waitForProbe(seconds: 4))
        #expect(coordinator.owed("c").count == 1)
        let before = coordinator.steps
        for peer in ["a", "b"] { coordinator.answer(peer) }
        #expect(coordinator.steps == before + 1)
        coordinator.jump(milliseconds: 300)
        coordinator.answer("c")
        #expect(returns == 0, "it was late again")
        #expect(coordinator.owed("c") == [])
        #expect(!waitForProbe(seconds: 8))
    }

    @Test("gets shards again after three fast answers, which never delay another worker's copy")
    func back() {
        leaveOut()
        for probe in 1...3 {
            #expect(waitForProbe(seconds: probe == 1 ? 12 : 2), "probe \(probe)")
            coordinator.answer("c")
            #expect(!coordinator.isAdded)
            #expect(returns == (probe == 3 ? 1 : 0))
        }
        for peer in ["a", "b"] { coordinator.answer(peer) }
        #expect(!coordinator.owed("c").isEmpty)
    }

    @Test("works again at once if nobody else is left")
    func alone() {
        leaveOut()
        coordinator.lose("a")
        coordinator.lose("b")
        #expect(coordinator.owed("c") == Array(0..<8))
        coordinator.answer("c")
        #expect(coordinator.owed("c") == Array(0..<8))
    }

    @Test("stays on standby when it leaves and rejoins")
    func rejoined() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 3)
        let identity = String(repeating: "7", count: 32)
        coordinator.join("a", "b")
        coordinator.introduce("c", identity: identity, host: "c", pid: 3)
        for _ in 0..<20 {
            for peer in ["a", "b"] { coordinator.answer(peer) }
            coordinator.jump(milliseconds: 95)
            coordinator.answer("c")
            coordinator.checkpointWritten()
        }
        coordinator.lose("c")
        coordinator.introduce("again", identity: identity, host: "c", pid: 4)
        for _ in 0..<3 {
            for peer in ["a", "b"] { coordinator.answer(peer) }
            coordinator.checkpointWritten()
        }
        #expect(coordinator.owed("again") == [])
    }
}
