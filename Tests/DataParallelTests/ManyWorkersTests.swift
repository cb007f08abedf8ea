import DataParallel
import Protocol
import Reduction
import RunEvents
import Synchronization
import Testing

/// A peer that counts how often peers are compared.
private struct CountedPeer: Hashable, Sendable {
    final class Counter: Sendable {
        let comparisons = Atomic(0)
    }

    let number: Int
    let counter: Counter

    static func == (left: Self, right: Self) -> Bool {
        left.counter.comparisons.wrappingAdd(1, ordering: .relaxed)
        return left.number == right.number
    }

    func hash(into hasher: inout Hasher) { hasher.combine(number) }
}

@Suite("A step of many workers") struct ManyWorkersTests {
    private typealias Effect = CoordinatorEffect<CountedPeer>

    /// Lets workers join a machine and report their data; returns the requests of the first step.
    private func begin(
        _ machine: inout CoordinatorMachine<CountedPeer>, workers: Int,
        _ counter: CountedPeer.Counter
    ) -> [Effect] {
        _ = machine.start(now: .zero)
        var effects: [Effect] = []
        for number in 0..<workers {
            let hello = Hello(host: "h", pid: number, lanes: 1, kernels: "k")
            effects += machine.receive(
                .hello(hello), from: CountedPeer(number: number, counter: counter), now: .zero)
        }
        var requests: [Effect] = []
        for case .send(.assign(let ranges), let peer) in effects {
            requests += machine.receive(.ready(ranges), from: peer, now: .zero)
        }
        return requests
    }

    @Test("compares each worker with a few others, however many there are", arguments: [64, 1024])
    func comparisons(workers: Int) {
        let plan = BatchPlan(examples: 4 * workers, batchSize: workers, shards: workers)
        let settings = CoordinatorSettings(
            welcome: Welcome(sampleArchitecture, plan: plan, seed: 0, labelSmoothing: 0), epochs: 1,
            minimumWorkers: workers, checkpointEvery: 0, joinTimeout: nil)
        var machine = CoordinatorMachine<CountedPeer>(plan: plan, settings: settings, step: 0)
        let counter = CountedPeer.Counter()
        let requests = begin(&machine, workers: workers, counter)
        counter.comparisons.store(0, ordering: .relaxed)
        var (sums, decisions) = (0, 0)
        for case .sendWeights(let ranges, let peer) in requests {
            for node in ranges.ranges.flatMap({ maximalNodes(in: $0, of: plan, step: 0) }) {
                let sum = PartialSumHeader(
                    step: 0, level: node.level, residue: node.residue,
                    examples: plan.examples(under: node, step: 0), correct: 0, loss: 0, checksum: 0)
                _ = machine.isWorthReading(.partialSum(sum), bytes: 56, from: peer)
                let decision = machine.receive(
                    sum, isFinite: true, digest: { preconditionFailure("no sum is audited") },
                    from: peer, now: .zero)
                sums += 1
                if case .add = decision { decisions += 1 }
            }
        }
        #expect(sums == workers && decisions == workers)
        #expect(counter.comparisons.load(ordering: .relaxed) <= 8 * workers)
    }
}
