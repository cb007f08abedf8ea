import DataParallel
import KernelInterface
import Protocol
import Reduction
import Simulation

/// Feeds a coordinator's driver with events drawn from the bytes.
///
/// Whatever peers send, no example counts twice in a step, and a step that ends has counted all: see
/// ``CoveringReduction``.
func checkCoordinatorMachine(_ bytes: [UInt8]) {
    var draw = Draw(bytes)
    var coordinator = CoordinatorUnderAttack()
    while !draw.isUsedUp, !coordinator.hasFinished { coordinator.event(&draw) }
}

/// The coordinator's state when a peer sends its message.
package enum CoordinatorStage: CaseIterable, Sendable {
    /// The peer has not joined.
    case stranger
    /// The peer has joined and has no data yet.
    case joined
    /// The peer and another one have requests to compute.
    case asked
    /// As `asked`, and the answer times are known.
    case experienced
}

/// Receives a message from a peer at a stage, then lets all deadlines pass; a trap is a finding.
package func checkCoordinator(_ message: WorkerMessage, at stage: CoordinatorStage) {
    var coordinator = CoordinatorUnderAttack()
    coordinator.advance(to: stage)
    coordinator.receive(message, from: 0)
    for milliseconds in [60, 60, 60, 500, 500, 2_000, 9_000, 40_000, 400_000] {
        coordinator.pass(milliseconds: milliseconds)
        coordinator.receive(message, from: 0)
        coordinator.answer(from: 1)
    }
}

private struct CoordinatorUnderAttack {
    private let world = ScriptedCoordinatorWorld<Int>(fuzzedJob.plan)
    private let driver: CoordinatorDriver<ScriptedCoordinatorWorld<Int>>
    private var plan: BatchPlan { fuzzedJob.plan }
    /// The last requests to each peer, so that some answers are right.
    private var assigned: [Int: SlotRanges] = [:]
    private var asked: [Int: [WorkHeader]] = [:]

    var hasFinished: Bool { world.result != nil }

    init() {
        let welcome = Welcome(
            fuzzedJob.architecture, plan: fuzzedJob.plan, seed: 0, labelSmoothing: 0)
        driver = CoordinatorDriver(
            fuzzedJob,
            CoordinatorSettings(
                welcome: welcome, epochs: 3, minimumWorkers: 2, checkpointEvery: 2,
                joinTimeout: .seconds(60)),
            run: fuzzedRun, resuming: nil, in: world)
        driver.start()
        settle()
    }

    mutating func event(_ draw: inout Draw) {
        let peer = draw.byte() % 8
        switch draw.byte() % 10 {
        case 0, 1, 2:
            guard let message = WorkerMessage.received(&draw) else { return }
            receive(message, from: peer)
        case 3: join(peer)
        case 4: ready(peer)
        case 5: answer(from: peer)
        case 6: handle { $0.lose(peer, reason: "", now: $1) }
        case 7: pass(milliseconds: draw.byte() * 20)
        case 8: pass(milliseconds: draw.byte() * 2_000)
        default: evaluate()
        }
    }

    mutating func advance(to stage: CoordinatorStage) {
        guard stage != .stranger else { return }
        join(0)
        guard stage != .joined else { return }
        join(1)
        for peer in 0..<2 { ready(peer) }
        guard stage != .asked else { return }
        pass(milliseconds: 10)
        for peer in 0..<2 { answer(from: peer) }
    }

    private mutating func handle(
        _ event: (inout CoordinatorMachine<Int>, Duration) -> [CoordinatorEffect<Int>]
    ) {
        driver.handle(event)
        settle()
    }

    private mutating func join(_ peer: Int) {
        receive(.hello(Hello(host: "h", pid: peer, lanes: 1, kernels: "k")), from: peer)
    }

    private mutating func ready(_ peer: Int) {
        if let ranges = assigned[peer].take() { receive(.ready(ranges), from: peer) }
    }

    mutating func pass(milliseconds: Int) {
        world.now += .milliseconds(milliseconds)
        handle { $0.tick(now: $1) }
    }

    mutating func receive(_ message: WorkerMessage, from peer: Int) {
        let zeros = [UInt8](repeating: 0, count: 4 * driver.state.parameters.count)
        driver.receive(message.frames(run: fuzzedRun, gradients: zeros), from: peer)
        handle { $0.expelOverdrawn(now: $1) }
    }

    /// Sends an honest worker's answer, leaf by leaf.
    mutating func answer(from peer: Int) {
        for work in asked[peer].take() ?? [] {
            for slot in (work.ranges.slots(of: plan.shards) ?? []).joined() {
                let node = TreeNode(leafAtSlot: slot, shards: plan.shards)
                let examples = plan.examples(under: node, step: work.step)
                receive(
                    .partialSum(
                        PartialSumHeader(
                            step: work.step, attempt: work.attempt, level: node.level,
                            residue: node.residue, examples: examples, correct: 0, loss: 0,
                            checksum: 0)),
                    from: peer)
            }
        }
    }

    private mutating func evaluate() {
        guard world.takeErrand(where: \.isEvaluation) != nil else { return }
        driver.evaluated(Tally(), nil)
        settle()
    }

    /// Notes what was sent and completes the driver's errands at once, except the test of an epoch.
    private mutating func settle() {
        while let errand = world.takeErrand(where: { !$0.isEvaluation }) {
            switch errand {
            case .save(let step): driver.saved(.success(""), step: step)
            case .rewind: driver.rewound(to: .success(nil))
            case .arbitrate(let slots, let step): driver.arbitrated(right(slots, step: step))
            case .flush: driver.recordIsFlushed(nil)
            case .evaluate: break
            }
        }
        for (message, peer) in world.takeSent() {
            switch message {
            case .assign(let ranges): assigned[peer] = ranges
            case .compute(let work): asked[peer, default: []].append(work)
            case .weights(let work): asked[peer] = [work]
            default: break
            }
        }
    }

    /// The coordinator's own result: as few nodes as the tree allows, with zeros.
    private func right(_ slots: Range<Int>, step: Int) -> [SumBits] {
        var sums = ReductionTree(
            plan, parameterCount: driver.state.parameters.count, kernels: fuzzedJob.kernels)
        sums.begin(step: step)
        for slot in slots {
            let leaf = TreeNode(leafAtSlot: slot, shards: plan.shards)
            let examples = plan.examples(under: leaf, step: step)
            guard examples > 0 else { continue }
            let gradients = FloatBuffer(count: driver.state.parameters.count)
            gradients.zero()
            sums.add(
                PartialSum(node: leaf, tally: Tally(examples: examples), gradients: gradients))
        }
        return sums.takeAll().map { SumBits($0) }
    }
}

extension ScriptedCoordinatorWorld.Errand {
    fileprivate var isEvaluation: Bool { if case .evaluate = self { true } else { false } }
}
