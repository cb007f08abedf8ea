import DataParallel
import Protocol
import Randomness
import Testing

/// A secret made from a number.
private func secret(_ number: Int) -> String { String(repeating: "\(number)", count: 32) }

@Suite("A worker is recognized by its identity, not by its name")
struct IdentityTests {
    private func steps(_ coordinator: CoordinatorUnderTest, _ count: Int) {
        for _ in 0..<count {
            coordinator.makeStep()
            coordinator.checkpointWritten()
        }
    }

    /// The counts in the events about wrong sums, in order.
    private func strikes(_ coordinator: CoordinatorUnderTest) -> [Int] {
        coordinator.events.compactMap { event in
            if case .wrong(_, _, _, let times) = event { times } else { nil }
        }
    }

    private func isRefused(_ peer: String, _ coordinator: CoordinatorUnderTest) -> Bool {
        coordinator.last.contains {
            if case .send(.refuse, to: peer) = $0 { true } else { false }
        }
    }

    @Test("a liar that restarts with another process id keeps its strikes, and then its ban")
    func restarted() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 2, audit: 1)
        coordinator.introduce("honest", identity: secret(1))
        coordinator.introduce("liar", identity: secret(2))
        coordinator.liars = ["liar", "again", "later"]
        // Answer by answer, because the step after the first strike would bring the second.
        for peer in ["honest", "liar", "honest", "liar"] where strikes(coordinator).isEmpty {
            coordinator.answer(peer)
        }
        #expect(strikes(coordinator) == [1])
        coordinator.lose("liar")
        coordinator.introduce("again", identity: secret(2))
        steps(coordinator, 3)
        #expect(strikes(coordinator) == [1, 2], "\(coordinator.events)")
        coordinator.introduce("later", identity: secret(2))
        #expect(isRefused("later", coordinator))
    }

    @Test("another worker with the same name inherits nothing")
    func heir() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 2, audit: 1)
        coordinator.introduce("a", identity: secret(1), host: "vm", pid: 1)
        coordinator.introduce("b", identity: secret(2), host: "vm", pid: 1)
        coordinator.liars = ["b"]
        steps(coordinator, 4)
        #expect(strikes(coordinator) == [1, 2])
        coordinator.introduce("c", identity: secret(3), host: "vm", pid: 1)
        #expect(!isRefused("c", coordinator))
        let names = coordinator.events.compactMap { event in
            if case .joined(let worker, _) = event { worker.name } else { nil }
        }
        #expect(names.count == 3 && Set(names).count == 3, "\(names)")
        #expect(names.first == "vm:1")
    }

    @Test("without a valid identity it is recognized by its connection")
    func nameless() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 2, audit: 1)
        coordinator.introduce("a", host: "vm", pid: 1)
        coordinator.introduce("b", identity: "none", host: "vm", pid: 1)
        coordinator.liars = ["b"]
        steps(coordinator, 4)
        #expect(strikes(coordinator) == [1, 2])
        coordinator.introduce("c", identity: "none", host: "vm", pid: 1)
        #expect(!isRefused("c", coordinator))
    }

    @Test("two with the same identity do not audit each other")
    func copies() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 3, audit: 1)
        coordinator.introduce("a", identity: secret(1))
        coordinator.introduce("b", identity: secret(2))
        coordinator.introduce("copy", identity: secret(2))
        // They confirm each other.
        coordinator.liars = ["b", "copy"]
        steps(coordinator, 2)
        #expect(strikes(coordinator).contains(2), "\(coordinator.events)")
        coordinator.introduce("d", identity: secret(2))
        #expect(isRefused("d", coordinator))
    }

    @Test("workers join, leave and lie: only liars are banned, and forever", arguments: 0..<20)
    func generated(seed: Int) {
        var random = Philox(seed: UInt64(seed), for: "identities")
        let coordinator = CoordinatorUnderTest(workersToBegin: 2, audit: 1)
        let liar = secret(0)
        var here: [(peer: String, secret: String)] = []
        var isBanned = false
        for turn in 0..<200 {
            switch random.below(4) {
            case 0:
                let joiner = (peer: "p\(turn)", secret: secret(random.below(5)))
                if joiner.secret == liar { coordinator.liars.insert(joiner.peer) }
                coordinator.introduce(joiner.peer, identity: joiner.secret, host: "vm", pid: 1)
                let refused = isRefused(joiner.peer, coordinator)
                #expect(refused == (isBanned && joiner.secret == liar))
                if !refused { here.append(joiner) }
            case 1 where here.count > 3:
                coordinator.lose(here.remove(at: random.below(here.count)).peer)
            default: steps(coordinator, 1)
            }
            if strikes(coordinator).contains(2) {
                isBanned = true
                here.removeAll { $0.secret == liar }
            }
        }
        #expect(strikes(coordinator).count <= 2 + coordinator.liars.count)
    }
}
