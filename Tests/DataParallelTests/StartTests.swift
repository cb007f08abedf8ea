import DataParallel
import Protocol
import Testing

@Suite("A start") struct StartTests {
    private let coordinator = CoordinatorUnderTest(workersToBegin: 3)

    private func dropped(_ coordinator: CoordinatorUnderTest) -> [String] {
        coordinator.events.compactMap { event in
            if case .dropped(_, let reason, _) = event { reason } else { nil }
        }
    }

    private func fetch(_ first: Int, shard: Int = 0, from peer: String = "a") {
        coordinator.send(.fetch(Fetch(shard: shard, first: first)), from: peer)
    }

    @Test(
        "sends each assigned example once, in order; other requests are dropped and logged"
    )
    func examples() {
        coordinator.isFetching = true
        coordinator.join("a", "b", "c")
        let part = ShardPart(shard: 0, first: 0, count: 1)
        fetch(0)
        #expect(coordinator.last == [.sendShardPart(part, to: "a")])
        fetch(0)
        fetch(2)
        #expect(dropped(coordinator).count == 2)
        #expect(
            dropped(coordinator).allSatisfy { $0.contains("has been sent, or that are not next") })
        fetch(1)
        #expect(dropped(coordinator).count == 2)
        // The last slot, which belongs to c.
        fetch(0, shard: 7)
        #expect(
            dropped(coordinator).last?.contains("of shard 7, which it was not assigned") == true)
    }

    @Test(
        "is not delayed by a worker that fetches the same data or reports ready again and again"
    )
    func repeated() {
        coordinator.isFetching = true
        coordinator.join("a", "b", "c")
        coordinator.finishFetching(of: "b")
        coordinator.finishFetching(of: "c")
        fetch(0)
        coordinator.send(.ready(SlotRanges(0..<1)), from: "a")
        for _ in 0..<31 {
            fetch(0)
            coordinator.send(.ready(SlotRanges(0..<1)), from: "a")
            coordinator.send(
                .status(WorkerStatus(phase: .fetching, step: nil, seconds: 0.1)), from: "a")
            coordinator.pass(milliseconds: 100)
        }
        #expect(coordinator.machine.isExpelled("a"))
    }

    @Test(
        "does not wait for a worker that gets ready bit by bit: the others begin, as the log says"
    )
    func slow() {
        coordinator.isFetching = true
        coordinator.join("a", "b", "c")
        coordinator.pass(milliseconds: 500)
        coordinator.finishFetching(of: "b")
        coordinator.finishFetching(of: "c")
        for first in 0..<8 where coordinator.owed("b").isEmpty {
            fetch(first)
            coordinator.pass(milliseconds: 500)
        }
        #expect(
            (coordinator.owed("b") + coordinator.owed("c")).sorted() == Array(0..<8))
        #expect(
            coordinator.events.contains { event in
                guard case .beginningWithout(let workers, let seconds) = event else { return false }
                return workers == ["a:1"] && seconds >= 3 && seconds < 4
            })
        #expect(!coordinator.machine.isExpelled("a"))
        coordinator.finishFetching(of: "a")
        coordinator.makeStep()
        #expect(coordinator.owed("a") != [], "it takes part once it is ready")
    }

    @Test("is not delayed by workers that come and go")
    func churn() {
        coordinator.isFetching = true
        coordinator.join("b", "c", "x0")
        coordinator.finishFetching(of: "b")
        coordinator.finishFetching(of: "c")
        for turn in 1..<12 where coordinator.owed("b").isEmpty {
            coordinator.pass(milliseconds: 500)
            coordinator.join("x\(turn)")
            coordinator.lose("x\(turn - 1)")
            coordinator.finishFetching(of: "b")
            coordinator.finishFetching(of: "c")
        }
        #expect(coordinator.owed("b") != [])
    }

    @Test("gives a worker that is late again and again no more time each time")
    func growing() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 3)
        coordinator.join("a", "b", "c")
        for _ in 0..<8 {
            coordinator.makeStep(milliseconds: 10)
            coordinator.checkpointWritten()
        }
        // It answers within the timeout, later each time.
        for wait in [2_900, 25_000, 250_000] where !coordinator.machine.isExpelled("a") {
            for _ in 0..<wait / 50 where !coordinator.machine.isExpelled("a") {
                coordinator.pass(milliseconds: 50)
                for peer in ["b", "c"] { coordinator.answer(peer) }
                coordinator.checkpointWritten()
            }
            coordinator.answer("a")
        }
        #expect(coordinator.machine.isExpelled("a"))
        #expect(coordinator.time < 60_000)
    }
}
