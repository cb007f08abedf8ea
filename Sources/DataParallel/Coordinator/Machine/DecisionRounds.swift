import NeuralNetwork
import Protocol
import Reduction
import RunEvents
import ZeroMQ

/// The steps of a coordinator's machine alone, without sockets, weights or sums: for benchmarks.
///
/// It is in this module because only here is the machine compiled for ``PeerIdentity``.
package struct DecisionRounds {
    private let plan: BatchPlan
    private var machine: CoordinatorMachine<PeerIdentity>
    /// The sums of all workers, which are the same in each step but for its number.
    private var sums: [(peer: PeerIdentity, header: PartialSumHeader)] = []
    private var step = 0

    private static let stepsPerEpoch = 1 << 20
    private static let headerBytes = 56

    /// A machine whose workers have joined, have their data, and are asked for the first step.
    package init(workers: Int, shards: Int) {
        plan = BatchPlan(
            examples: shards * Self.stepsPerEpoch, batchSize: shards, shards: shards)
        let network = Architecture(
            imageRows: 1, imageColumns: 1, hiddenSize: 1, layers: 1, classes: 2)
        let settings = CoordinatorSettings(
            welcome: Welcome(network, plan: plan, seed: 0, labelSmoothing: 0), epochs: 1,
            minimumWorkers: workers, checkpointEvery: 0, joinTimeout: nil)
        machine = CoordinatorMachine(plan: plan, settings: settings, step: 0)
        _ = machine.start(now: .zero)
        var effects: [CoordinatorEffect<PeerIdentity>] = []
        for number in 0..<workers {
            let peer = PeerIdentity((0..<5).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })
            let hello = Hello(host: "host", pid: number, lanes: 1, kernels: "none")
            effects += machine.receive(.hello(hello), from: peer, now: .zero)
        }
        for case .send(.assign(let ranges), let peer) in effects {
            note(machine.receive(.ready(ranges), from: peer, now: .zero))
        }
    }

    /// The number of sums of a step.
    package var sumCount: Int { sums.count }

    /// Takes all sums of a step, and begins the next one.
    package mutating func makeStep() {
        var last: [CoordinatorEffect<PeerIdentity>] = []
        for (peer, header) in sums {
            var header = header
            header.step = step
            let isAskedFor = machine.isWorthReading(
                .partialSum(header), bytes: Self.headerBytes, from: peer)
            precondition(isAskedFor, "each sum was asked for")
            let decision = machine.receive(
                header, isFinite: true, digest: { preconditionFailure("no sum is audited") },
                from: peer, now: .zero)
            guard case .add(let effects) = decision else { preconditionFailure("each sum is new") }
            last = effects
        }
        precondition(last == [.update(step: step)], "all sums complete a step")
        step += 1
        let report = StepReport(
            epoch: 1, epochs: 1, stepInEpoch: step, stepsPerEpoch: Self.stepsPerEpoch, step: step,
            tally: Tally(), learningRate: 0, seconds: 0, positions: 0..<0, weights: .none)
        let effects = machine.updated(report, now: .zero)
        precondition(effects.count > sums.count / plan.shards, "the next step begins")
    }

    /// Keeps the sums that answer the requests of a step.
    private mutating func note(_ effects: [CoordinatorEffect<PeerIdentity>]) {
        for case .sendWeights(let ranges, let peer) in effects {
            for range in ranges.ranges {
                var first = range.lowerBound
                while first < range.upperBound {
                    let node = largestNode(from: first, in: range)
                    sums.append((peer, header(of: node)))
                    first = node.slots(of: plan.shards).upperBound
                }
            }
        }
    }

    /// The largest node whose slots begin with `slot` and lie in a range.
    private func largestNode(from slot: Int, in range: Range<Int>) -> TreeNode {
        var node = TreeNode(leafAtSlot: slot, shards: plan.shards)
        while let parent = node.parent {
            let slots = parent.slots(of: plan.shards)
            guard slots.lowerBound == slot, slots.upperBound <= range.upperBound else { break }
            node = parent
        }
        return node
    }

    private func header(of node: TreeNode) -> PartialSumHeader {
        PartialSumHeader(
            step: 0, level: node.level, residue: node.residue,
            examples: plan.examples(under: node, step: 0), correct: 0, loss: 0, checksum: 0)
    }
}
