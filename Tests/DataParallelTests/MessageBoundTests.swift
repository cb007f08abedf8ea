import DataParallel
import Protocol
import Randomness
import Reduction
import Testing

/// A coordinator with up to a thousand workers, some of which come and go, and its requests to them.
private final class Crowd {
    let coordinator: CoordinatorUnderTest
    private let workers: Int
    private var random: Philox
    private var peers: [String] = []
    private var joined = 0
    /// The number of sums that each peer has sent in the current step.
    private var sent: [String: Int] = [:]

    init(shards: Int, workers: Int, audit: Double, seed: Int) {
        self.workers = workers
        random = Philox(seed: UInt64(seed), for: "crowd", shards, workers)
        let plan = BatchPlan(
            examples: 10 * shards, batchSize: 1 + random.below(2 * shards), shards: shards)
        coordinator = CoordinatorUnderTest(
            workersToBegin: workers, audit: audit, auditKey: UInt64(seed), plan: plan)
        coordinator.onEvent = { [unowned self] in check($0) }
    }

    /// Checks that one event sends a member at most one request, for no more ranges than there are shards.
    private func check(_ effects: [CoordinatorUnderTest.Effect]) {
        var asked: Set<String> = []
        for effect in effects {
            let (peer, ranges): (String, SlotRanges)
            switch effect {
            case .sendWeights(let slots, to: let member): (peer, ranges) = (member, slots)
            case .send(.compute(let work), to: let member): (peer, ranges) = (member, work.ranges)
            case .beginStep:
                (sent, asked) = ([:], [])
                continue
            case .cutOff(let member):
                Issue.record("\(member) is put out, which says what it is asked for")
                continue
            default: continue
            }
            #expect(asked.insert(peer).inserted, "\(peer) is asked twice at once")
            #expect(ranges.slots(of: coordinator.plan.shards)?.isEmpty == false)
        }
    }

    private func join() {
        // After a first burst, at most two workers a second are admitted.
        coordinator.jump(milliseconds: 950)
        coordinator.pass(milliseconds: 50)
        joined += 1
        peers.append("w\(joined)")
        coordinator.join("w\(joined)")
    }

    private func lose() {
        guard !peers.isEmpty else { return }
        coordinator.lose(peers.remove(at: random.below(peers.count)))
    }

    private func answer(_ peer: String) {
        let work = coordinator.asked[peer]?.first
        let steps = coordinator.steps
        let count = coordinator.answerFirst(peer)
        let most = (work?.ranges.ranges ?? []).reduce(0) {
            $0 + Limits.mostSums(of: $1, shards: coordinator.plan.shards)
        }
        #expect(count <= most)
        if coordinator.steps == steps { sent[peer, default: 0] += count }
        #expect(sent[peer, default: 0] <= coordinator.plan.shards)
        let unanswered = coordinator.asked[peer]?.count ?? 0
        #expect(unanswered <= Limits.mostRequests)
    }

    func run(steps: Int) {
        while peers.count < workers { join() }
        var disturbances = 24
        for _ in 0..<20_000 where coordinator.steps < steps {
            let busy = peers.filter { coordinator.asked[$0]?.isEmpty == false }
            if busy.isEmpty || disturbances > 0 && random.below(2 * busy.count + 8) < 8 {
                disturbances -= 1
                if peers.isEmpty || random.below(2) == 0 { join() } else { lose() }
            } else {
                for _ in 0..<max(1, busy.count / 8) {
                    answer(busy[random.below(busy.count)])
                }
            }
            // An epoch has at least ten steps; its end waits for the disk.
            coordinator.checkpointWritten()
            if random.below(100) == 0 { coordinator.probe() }
            #expect(coordinator.uncalledFor == 0)
            for peer in peers {
                let unanswered = coordinator.asked[peer]?.count ?? 0
                #expect(unanswered <= Limits.mostRequests)
            }
        }
    }
}

@Suite("What a member receives and what it owes") struct MessageBoundTests {
    @Test(
        "is bounded, whatever the shards, workers and audits, and whoever joins and leaves",
        arguments: [
            (4096, 1000), (4096, 1), (4096, 3), (512, 40), (64, 7), (16, 3), (8, 64), (1, 2),
            (1, 1),
        ])
    func bounded(shards: Int, workers: Int) {
        for (seed, audit) in [0, 0.2, 1].enumerated() {
            // The largest cases run once.
            guard shards < 4096 || seed == 2 else { continue }
            let crowd = Crowd(shards: shards, workers: workers, audit: audit, seed: seed)
            crowd.run(steps: 2)
            #expect(crowd.coordinator.steps >= 2)
        }
    }

    @Test("fits the queue of its socket, however late the socket reports what was read")
    func marks() {
        #expect(Limits.mostUnread == 10)
        #expect(Limits.sendMark - (Limits.sendMark + 1) / 2 >= Limits.mostUnread)
        let mark = Limits.sendMark + Limits.markForBlocks
        #expect(mark - (mark + 1) / 2 >= Limits.mostUnread + BlockWindow.mostBlocks)
    }

    @Test("is as few sums as the tree allows", arguments: 0..<200)
    func nodes(seed: Int) {
        var random = Philox(seed: UInt64(seed), for: "nodes")
        let shards = 1 << random.below(10)
        let first = random.below(shards)
        let range = first..<first + 1 + random.below(shards - first)
        // All slots have examples, so no node is skipped.
        let plan = BatchPlan(examples: shards, batchSize: shards, shards: shards)
        let nodes = maximalNodes(in: range, of: plan, step: 0)
        #expect(Limits.mostSums(of: range, shards: shards) == nodes.count)
        #expect(nodes.count <= max(1, 2 * shards.trailingZeroBitCount))
        // With fewer examples there are no more nodes.
        let sparse = BatchPlan(
            examples: shards, batchSize: 1 + random.below(shards), shards: shards)
        #expect(maximalNodes(in: range, of: sparse, step: 0).count <= nodes.count)
    }
}

@Suite("An outbox") struct OutboxTests {
    @Test("keeps the order of messages, however little room there is")
    func order() {
        var outbox = Outbox<Int>()
        for number in 1...3 { outbox.add(number) }
        var taken: [Int] = []
        func flush(room: Int) {
            var room = room
            outbox.flush { number in
                guard room > 0 else { return false }
                room -= 1
                taken.append(number)
                return true
            }
        }
        flush(room: 0)
        #expect(taken == [])
        flush(room: 2)
        #expect(taken == [1, 2])
        #expect(!outbox.isEmpty)
        flush(room: 9)
        #expect(taken == [1, 2, 3])
        #expect(outbox.isEmpty)
    }
}
