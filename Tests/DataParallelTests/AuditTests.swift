import DataParallel
import Protocol
import Testing
import Training

@Suite("Audits")
struct AuditTests {
    /// The events that say that a worker computed wrongly: whose, and for the how-manieth time.
    private func wrongs(_ coordinator: CoordinatorUnderTest) -> [String] {
        coordinator.events.compactMap { event in
            guard case .wrong(let worker, _, _, let times) = event else { return nil }
            return "\(worker) \(times)"
        }
    }

    @Test(
        "the share that is computed twice is the one that was asked for", arguments: [0.1, 0.5, 1])
    func share(fraction: Double) {
        let coordinator = CoordinatorUnderTest(workersToBegin: 3, audit: fraction)
        coordinator.join("a", "b", "c")
        var asked = 0
        let steps = 390
        for _ in 0..<steps {
            asked += ["a", "b", "c"].map { coordinator.owed($0).count }.reduce(0, +)
            coordinator.makeKeptStep()
        }
        #expect(coordinator.steps == steps)
        let share = Double(asked) / Double(steps * coordinator.plan.shards) - 1
        #expect(abs(share - fraction) < 0.06, "\(share)")
        #expect(wrongs(coordinator).isEmpty)
    }

    @Test("without --audit nothing is computed twice, and a lone worker is not audited")
    func none() {
        for (fraction, peers) in [(0.0, ["a", "b"]), (1.0, ["a"])] {
            let coordinator = CoordinatorUnderTest(workersToBegin: peers.count, audit: fraction)
            for peer in peers { coordinator.join(peer) }
            for _ in 0..<50 {
                let owed = peers.flatMap { coordinator.owed($0) }
                #expect(owed.sorted() == Array(0..<coordinator.plan.shards))
                coordinator.makeKeptStep()
            }
            #expect(coordinator.steps == 50)
        }
    }

    @Test("no update is made before both copies are there, and none from a copy that is wrong")
    func waiting() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 2, audit: 1)
        coordinator.join("a", "b")
        coordinator.answer("a")
        #expect(coordinator.steps == 0)
        coordinator.answer("b")
        #expect(coordinator.steps == 1)
    }

    @Test("who computes wrongly is named, what it sent is repeated, and next time it is thrown out")
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
                return worker == "b:2" && reason.contains("computed wrongly in step")
            })
        for _ in 0..<200 { coordinator.makeKeptStep() }
        #expect(coordinator.steps >= 200)
        #expect(wrongs(coordinator).count == 2)
    }
}

extension CoordinatorUnderTest {
    /// Makes a step; a checkpoint of it is on disk at once.
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
