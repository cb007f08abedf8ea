import DataParallel
import Protocol
import Randomness
import Reduction
import Testing

/// Counts how often each slot's sum is used, and how often it is computed twice.
private final class Share {
    let coordinator: CoordinatorUnderTest
    private(set) var used: [Int]
    private(set) var audited: [Int]
    /// The worker whose sum of a slot is used in the current step.
    private var authors: [Int: String] = [:]
    private var sender = ""

    init(shards: Int, batchSize: Int, workers: Int, fraction: Double, seed: Int) {
        let plan = BatchPlan(
            examples: 7 * max(shards, batchSize), batchSize: batchSize, shards: shards)
        coordinator = CoordinatorUnderTest(
            workersToBegin: workers, audit: fraction, auditKey: UInt64(seed), plan: plan)
        used = Array(repeating: 0, count: shards)
        audited = used
        coordinator.onAdd = { [unowned self] sum in count(sum) }
        coordinator.onEvent = { [unowned self] effects in for effect in effects { count(effect) } }
        for number in 0..<workers { coordinator.join("w\(number)") }
    }

    private func count(_ sum: PartialSumHeader) {
        let node = TreeNode(level: sum.level, residue: sum.residue)
        for slot in slots([node.slots(of: coordinator.plan.shards)]) {
            used[slot] += 1
            authors[slot] = sender
        }
    }

    private func count(_ effect: CoordinatorUnderTest.Effect) {
        switch effect {
        case .beginStep: authors = [:]
        case .sendWeights(let ranges, let peer): ask(ranges, of: peer)
        case .send(.compute(let work), let peer): ask(work.ranges, of: peer)
        case .arbitrate(let range, _): for slot in slots([range]) { audited[slot] += 1 }
        default: break
        }
    }

    private func ask(_ ranges: SlotRanges, of peer: String) {
        for slot in slots(ranges.ranges) {
            guard let author = authors[slot] else { continue }
            audited[slot] += 1
            #expect(author != peer, "a worker audits itself")
        }
    }

    /// The slots that have examples in the current step.
    private func slots(_ ranges: [Range<Int>]) -> [Int] {
        ranges.joined().filter { slot in
            let leaf = TreeNode(leafAtSlot: slot, shards: coordinator.plan.shards)
            return coordinator.plan.examples(under: leaf, step: coordinator.steps) > 0
        }
    }

    func run(steps: Int) {
        while coordinator.steps < steps {
            for peer in coordinator.asked.keys.sorted() {
                sender = peer
                coordinator.answer(peer)
            }
            coordinator.checkpointWritten()
        }
    }
}

@Suite("The fraction of audits") struct AuditShareTests {
    @Test("is the probability of each slot with examples, wherever they lie", arguments: 0..<24)
    func share(seed: Int) {
        var random = Philox(seed: UInt64(seed), for: "share")
        let shards = 1 << random.below(6)
        let batchSize = seed % 4 == 0 ? 1 : 1 + random.below(2 * shards)
        let workers = 1 + random.below(5)
        let fraction = [0.1, 0.4, 0.8, 1][seed % 4]
        let share = Share(
            shards: shards, batchSize: batchSize, workers: workers, fraction: fraction, seed: seed)
        share.run(steps: 300)
        for slot in 0..<shards {
            let (used, audited) = (Double(share.used[slot]), Double(share.audited[slot]))
            let deviation = (used * fraction * (1 - fraction)).squareRoot()
            #expect(abs(audited - used * fraction) <= 4.5 * deviation + 1, "slot \(slot)")
        }
        #expect(share.used.contains { $0 > 0 })
    }
}
