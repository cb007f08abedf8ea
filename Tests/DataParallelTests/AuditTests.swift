import DataParallel
import Protocol
import Testing

@Suite("Audits")
struct AuditTests {
    /// The events about wrong sums: the worker, and the count of its wrong sums so far.
    private func wrongs(_ coordinator: CoordinatorUnderTest) -> [String] {
        coordinator.events.compactMap { event in
            guard case .wrong(let worker, _, _, let times) = event else { return nil }
            return "\(worker) \(times)"
        }
    }

    @Test("without --audit nothing is computed twice")
    func none() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 2)
        coordinator.join("a", "b")
        for _ in 0..<50 {
            let owed = coordinator.owed("a") + coordinator.owed("b")
            #expect(owed.sorted() == Array(0..<coordinator.plan.shards))
            coordinator.makeKeptStep()
        }
        #expect(coordinator.steps == 50)
    }

    @Test("no update is made before both copies arrive, and none from a wrong copy")
    func waiting() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 2, audit: 1)
        coordinator.join("a", "b")
        coordinator.answer("a")
        #expect(coordinator.steps == 0)
        coordinator.answer("b")
        #expect(coordinator.steps == 0)
        #expect(coordinator.owed("a") == Array(4..<8))
        #expect(coordinator.owed("b") == Array(0..<4))
        coordinator.answer("b")
        #expect(coordinator.steps == 0)
        coordinator.answer("a")
        #expect(coordinator.steps == 1)
    }

    @Test("an auditor that leaves is replaced by another worker or by the coordinator itself")
    func departures() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 3, audit: 1)
        coordinator.join("a", "b", "c")
        for peer in ["a", "b", "c"] { coordinator.answer(peer) }
        coordinator.lose("b")
        #expect(coordinator.arbitrations == [], "another is here")
        #expect((coordinator.owed("a") + coordinator.owed("c")).sorted() == Array(0..<8))
        coordinator.lose("c")
        #expect(coordinator.arbitrations != [])
        coordinator.answer("a")
        #expect(coordinator.steps == 1)
        coordinator.makeStep()
        #expect(coordinator.steps == 2, "a lone worker's sums are computed here, too")
        #expect(coordinator.arbitrations.last == 0..<8)
    }

    @Test("a lone worker with wrong sums is caught, even if its auditor left")
    func lone() {
        for others in [[], ["b"]] {
            let coordinator = CoordinatorUnderTest(workersToBegin: 1 + others.count, audit: 1)
            coordinator.join("a")
            for other in others { coordinator.join(other) }
            coordinator.liars = ["a"]
            coordinator.answer("a")
            for other in others {
                coordinator.answer(other)
                coordinator.lose(other)
            }
            #expect(wrongs(coordinator).first == "a:1 1")
        }
    }

    @Test("a worker that leaves before its wrong sum is checked is caught all the same")
    func fled() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 2, audit: 1)
        coordinator.join("a", "b")
        coordinator.liars = ["a"]
        coordinator.answer("a")
        coordinator.answer("b")
        coordinator.lose("a")
        coordinator.makeStep()
        #expect(wrongs(coordinator) == ["a:1 1"])
        #expect(coordinator.steps == 1)
    }

    @Test("a late auditor delays nobody")
    func late() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 2, audit: 1)
        coordinator.join("a", "b")
        for _ in 0..<3 { coordinator.makeStep(milliseconds: 10) }
        for peer in ["a", "b", "a"] { coordinator.answer(peer) }
        #expect(coordinator.steps == 3)
        coordinator.pass(milliseconds: 500)
        #expect(coordinator.steps == 4)
        #expect(coordinator.arbitrations == [0..<4])
    }

    @Test("a liar is named and its steps are repeated; the second time it is banned")
    func liar() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 3, audit: 0.2)
        coordinator.join("a", "b", "c")
        coordinator.makeStep()
        coordinator.liars = ["b"]
        for _ in 0..<100 where !coordinator.isRewound { coordinator.makeKeptStep() }
        #expect(wrongs(coordinator) == ["b:2 1"])
        #expect(coordinator.steps == 0)
        coordinator.makeStep()
        #expect(wrongs(coordinator) == ["b:2 1", "b:2 2"])
        #expect(
            coordinator.events.contains { event in
                guard case .left(let worker, let reason, _, _) = event else { return false }
                return worker == "b:2" && reason.contains("sent wrong gradients in step")
            })
        for _ in 0..<200 { coordinator.makeKeptStep() }
        #expect(coordinator.steps >= 200)
        #expect(wrongs(coordinator).count == 2)
    }
}

extension CoordinatorUnderTest {
    /// Makes a step whose checkpoint is on disk at once.
    fileprivate func makeKeptStep() {
        makeStep()
        checkpointWritten()
    }

    fileprivate var isRewound: Bool {
        events.contains { event in
            if case .rewinding = event { true } else { false }
        }
    }
}
