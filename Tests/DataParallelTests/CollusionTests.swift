import DataParallel
import Protocol
import Randomness
import Reduction
import Testing

private func secret(_ number: Int) -> String { String(repeating: "\(number)", count: 32) }

@Suite("Audits resist workers that know how they work") struct CollusionTests {
    private func wrongs(_ coordinator: CoordinatorUnderTest) -> [String] {
        coordinator.events.compactMap { event in
            guard case .wrong(let worker, _, _, let times) = event else { return nil }
            return "\(worker) \(times)"
        }
    }

    @Test("wrong gradients with the checksum of the right ones are found")
    func forged() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 2, audit: 1)
        coordinator.join("a", "b")
        coordinator.forgers = ["b"]
        for _ in 0..<3 where wrongs(coordinator).isEmpty {
            for peer in ["a", "b"] { coordinator.answer(peer) }
        }
        #expect(wrongs(coordinator).first == "b:2 1")
        #expect(coordinator.steps == 0)
    }

    @Test("a digest is computed only of sums that are compared")
    func cost() {
        for audit in [0.0, 1] {
            var machine = waitingMachine(minimumWorkers: 2, audit: audit)
            _ = machine.start(now: .zero)
            for (pid, peer) in ["a", "b"].enumerated() {
                let hello = Hello(host: "h", pid: pid, lanes: 1, kernels: "test")
                _ = machine.receive(.hello(hello), from: peer, now: .zero)
            }
            let halves = [SlotRanges(0..<4), SlotRanges(4..<8)]
            for (peer, slots) in zip(["a", "b"], halves) {
                _ = machine.receive(.ready(slots), from: peer, now: .zero)
            }
            var digests = 0
            // Each worker's own half first, then the other's.
            for (peer, residue) in [("a", 0), ("b", 1), ("b", 0), ("a", 1)] {
                let sum = PartialSumHeader(
                    step: 0, level: 1, residue: residue, examples: 8, correct: 0, loss: 1,
                    checksum: 0)
                _ = machine.decide(
                    .partialSum(sum),
                    digest: {
                        digests += 1
                        return PayloadDigest([])
                    }, from: peer, now: .zero)
            }
            #expect(digests == (audit == 0 ? 0 : 4), "two sums and their copies")
        }
    }

    @Test("if two agree on a wrong sum, the coordinator's own checks find it")
    func rechecked() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 3, audit: 1, recheck: 1)
        coordinator.join("a", "b", "c")
        coordinator.makeStep()
        #expect(coordinator.steps == 1)
        coordinator.liars = ["a", "b", "c"]
        for _ in 0..<4 where wrongs(coordinator).isEmpty { coordinator.makeStep() }
        #expect(Set(wrongs(coordinator).prefix(2)).count == 2, "both who said the same")
        #expect(coordinator.steps <= 1)
    }

    @Test("once two have lied, steps that only those two confirmed are repeated")
    func doubtful() {
        func identity(_ number: Int) -> WorkerIdentity {
            WorkerIdentity(
                nil,
                Hello(host: "", pid: 1, lanes: 1, kernels: "", identity: secret(number)),
                connection: 0)
        }
        var known = KnownWorkers()
        for number in 1...3 { known.join(identity(number)) }
        known.noteConfirmed(identity(1), by: identity(2), step: 4)
        known.noteConfirmed(identity(3), by: identity(1), step: 1)
        known.noteConfirmed(identity(4), by: identity(2), step: 3)
        known.noteUnchecked(identity(3), step: 2)
        _ = known.strike(identity(1), step: 9)
        #expect(known.untrustedSince([identity(1)]) == nil, "the other may be honest")
        #expect(known.confirmedSince(identity(1)) == 1, "but the run says so")
        _ = known.strike(identity(1), step: 10)
        #expect(known.untrustedSince([identity(1)]) == nil, "it is one worker still")
        _ = known.strike(identity(2), step: 11)
        #expect(known.untrustedSince([identity(2)]) == 4)
        known.rewind(to: 4)
        #expect(known.confirmedSince(identity(1)) == 1)
        _ = known.strike(identity(3), step: 6)
        #expect(known.untrustedSince([identity(3)]) == 1)
    }

    @Test("a forgotten worker is trusted no more than any other forgotten one")
    func forgotten() {
        func identity(_ number: Int) -> WorkerIdentity {
            WorkerIdentity(
                nil, Hello(host: "", pid: 1, lanes: 1, kernels: ""), connection: number)
        }
        var known = KnownWorkers()
        known.join(identity(0))
        known.noteUnchecked(identity(0), step: 3)
        known.leave(identity(0))
        for number in 1...KnownWorkers.mostAbsent {
            known.join(identity(number))
            known.leave(identity(number))
        }
        #expect(known.untrustedSince([identity(0)]) == 3, "an audit of it may be open still")
        #expect(known.strike(identity(0), step: 9) == 1)
        #expect(known.untrustedSince([identity(0)]) == 3)
    }

    @Test("every other identity audits equally often, however many connections it has")
    func draws() {
        // Ten workers; one of them has five connections.
        let names = (0..<14).map { $0 < 10 ? "w\($0)" : "w9-\($0)" }
        let coordinator = CoordinatorUnderTest(
            workersToBegin: names.count, audit: 1, auditKey: 5,
            plan: BatchPlan(examples: 640, batchSize: 64, shards: 64))
        for (number, name) in names.enumerated() {
            coordinator.introduce(name, identity: secret(min(number, 9)), host: name)
        }
        var authors: [Int: String] = [:]
        var audits: [String: Int] = [:]
        var sender = ""
        coordinator.onAdd = { sum in
            let node = TreeNode(level: sum.level, residue: sum.residue)
            for slot in node.slots(of: 64) { authors[slot] = sender }
        }
        coordinator.onEvent = { effects in
            for effect in effects {
                switch effect {
                case .beginStep: authors = [:]
                case .send(.compute(let work), let peer):
                    for range in work.ranges.ranges where authors[range.lowerBound] == "w0" {
                        audits[peer.hasPrefix("w9") ? "w9" : peer, default: 0] += 1
                    }
                default: break
                }
            }
        }
        while coordinator.steps < 150 {
            for peer in coordinator.asked.keys.sorted() {
                sender = peer
                coordinator.answer(peer)
            }
            coordinator.checkpointWritten()
        }
        #expect(audits["w0"] == nil)
        let total = audits.values.reduce(0, +)
        let expected = Double(total) / 9
        #expect(audits.count == 9)
        for (peer, count) in audits {
            let deviation = (expected * 8 / 9).squareRoot()
            #expect(abs(Double(count) - expected) < 5 * deviation, "\(peer): \(count) of \(total)")
        }
    }

    @Test("a repeated step is audited anew, so knowing the old audits does not help a liar")
    func anew() {
        let coordinator = CoordinatorUnderTest(
            workersToBegin: 4, audit: 0.5, plan: BatchPlan(examples: 64, batchSize: 64, shards: 64))
        coordinator.join("a", "b", "c", "d")
        var drawn: [Set<Int>] = [[]]
        coordinator.onEvent = { effects in
            for effect in effects {
                switch effect {
                case .beginStep: drawn.append([])
                case .send(.compute(let work), _):
                    for range in work.ranges.ranges {
                        drawn[drawn.count - 1].insert(range.lowerBound)
                    }
                default: break
                }
            }
        }
        // Their first lie in an audit voids each step before it is made.
        coordinator.liars = ["a"]
        for _ in 0..<4 {
            for peer in ["a", "b", "c", "d"] { coordinator.answer(peer) }
        }
        let audited = drawn.filter { !$0.isEmpty }
        #expect(audited.count > 1)
        #expect(Set(audited).count > 1, "\(audited)")
    }

    @Test("a sum from before a rewind is no answer to the same step made again")
    func outdated() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 3, audit: 0.2)
        coordinator.join("a", "b", "c")
        coordinator.makeStep()
        let old = coordinator.asked["c"]?.first
        coordinator.liars = ["b"]
        for _ in 0..<100 where coordinator.machine.attempt == 0 {
            coordinator.makeStep()
            coordinator.checkpointWritten()
        }
        #expect(coordinator.machine.attempt == 1)
        guard let old, let asked = coordinator.asked["c"]?.first else {
            Issue.record("c was asked before and after")
            return
        }
        coordinator.liars = []
        while coordinator.steps < old.step { coordinator.makeStep() }
        let again = coordinator.asked["c"]?.first
        #expect(again?.step == old.step && again?.ranges == old.ranges && asked.attempt == 1)
        coordinator.send(.partialSum(coordinator.sums(old)[0]), from: "c")
        #expect(!coordinator.isAdded)
        // That sum was one too many: c's last sum is dropped, and another worker computes it.
        for _ in 0..<5 where coordinator.steps == old.step {
            coordinator.makeStep()
            coordinator.pass(milliseconds: 500)
        }
        #expect(coordinator.steps == old.step + 1)
    }

    @Test("a banned liar is dropped with all its connections and all their sums")
    func connections() {
        let coordinator = CoordinatorUnderTest(workersToBegin: 3, audit: 0.3, auditKey: 3)
        coordinator.introduce("honest", identity: secret(1))
        coordinator.introduce("one", identity: secret(2))
        coordinator.introduce("two", identity: secret(2))
        coordinator.makeStep()
        coordinator.checkpointWritten()
        // One connection lies and the other is honest; both belong to the same worker.
        coordinator.liars = ["one"]
        for _ in 0..<300 where !wrongs(coordinator).contains(where: { $0.hasSuffix(" 2") }) {
            coordinator.makeStep()
            coordinator.checkpointWritten()
        }
        #expect(wrongs(coordinator).count == 2)
        let left = coordinator.events.count { event in
            if case .left(_, let reason, _, _) = event { reason.contains("wrong") } else { false }
        }
        #expect(left == 2)
        let target = coordinator.events.compactMap { event in
            if case .rewinding(let step) = event { step } else { nil }
        }
        #expect(target.first.map { $0 <= 1 } == true, "since its first unchecked sum")
        #expect(coordinator.owed("one") == [] && coordinator.owed("two") == [])
    }
}
