import DataParallel
import Protocol
import Training

/// Feeds a coordinator's machine with events drawn from the bytes, and plays the rest of its program.
///
/// Whatever peers say, no example is counted twice in a step, and a step that ends has counted all.
func checkCoordinatorMachine(_ bytes: [UInt8]) {
    var draw = Draw(bytes)
    var coordinator = CoordinatorUnderAttack()
    while !draw.isUsedUp, !coordinator.hasFinished { coordinator.event(&draw) }
}

/// How far a coordinator has come with the peers that are about to send something.
package enum CoordinatorStage: CaseIterable, Sendable {
    /// The peer has not joined.
    case stranger
    /// It has joined and has no data yet.
    case joined
    /// It is asked to compute, and so is another.
    case asked
    /// So they are, and it is known how long an answer takes.
    case experienced
}

/// Takes a message from a peer at a stage, then lets all deadlines pass; a trap is the find.
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

private let plan = BatchPlan(examples: 21, batchSize: 6, shards: 8)
private let welcome = Welcome(fuzzedArchitecture, plan: plan, seed: 0, labelSmoothing: 0)

private struct CoordinatorUnderAttack {
    private(set) var hasFinished = false
    private var machine = CoordinatorMachine<Int>(
        plan: plan,
        settings: CoordinatorSettings(
            welcome: welcome, epochs: 3, minimumWorkers: 2, checkpointEvery: 2,
            joinTimeout: .seconds(60)), step: 0)
    private var now: Duration = .zero
    private var isEvaluating = false
    private var sums: [PartialSumHeader] = []
    private var steps = 0
    /// What each peer was last asked for, so that some answers are right.
    private var assigned: [Int: SlotRanges] = [:]
    private var asked: [Int: [WorkHeader]] = [:]

    init() { perform(machine.start(now: now)) }

    mutating func event(_ draw: inout Draw) {
        let peer = draw.byte() % 8
        switch draw.byte() % 10 {
        case 0, 1, 2:
            guard let message = WorkerMessage.received(&draw) else { return }
            receive(message, from: peer)
        case 3: join(peer)
        case 4: ready(peer)
        case 5: answer(from: peer)
        case 6: perform(machine.lose(peer, reason: "", now: now))
        case 7: pass(milliseconds: draw.byte() * 20)
        case 8: pass(milliseconds: draw.byte() * 2_000)
        default:
            guard isEvaluating else { return }
            isEvaluating = false
            perform(machine.evaluated(now: now))
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

    private mutating func join(_ peer: Int) {
        receive(.hello(Hello(host: "h", pid: peer, lanes: 1, kernels: "k")), from: peer)
    }

    private mutating func ready(_ peer: Int) {
        if let ranges = assigned[peer].take() { receive(.ready(ranges), from: peer) }
    }

    mutating func pass(milliseconds: Int) {
        now += .milliseconds(milliseconds)
        perform(machine.tick(now: now))
    }

    mutating func receive(_ message: WorkerMessage, from peer: Int) {
        guard case .partialSum(let sum) = message else {
            return perform(machine.receive(message, from: peer, now: now))
        }
        let decision = machine.receive(
            sum, isFinite: true, digest: { [].withUnsafeBytes { PayloadDigest($0) } }, from: peer,
            now: now)
        switch decision {
        case .add(let effects):
            sums.append(sum)
            perform(effects)
        case .ignore(let effects): perform(effects)
        }
    }

    /// Sends what an honest worker would, leaf by leaf.
    mutating func answer(from peer: Int) {
        for work in asked[peer].take() ?? [] {
            for slot in (work.ranges.slots(of: plan.shards) ?? []).joined() {
                let node = TreeNode(leafAtSlot: slot, shards: plan.shards)
                let examples = plan.examples(under: node, step: work.step)
                receive(
                    .partialSum(
                        PartialSumHeader(
                            step: work.step, attempt: work.attempt, level: node.level,
                            residue: node.residue,
                            examples: examples, correct: 0, loss: 0, checksum: 0)),
                    from: peer)
            }
        }
    }

    private mutating func perform(_ effects: [CoordinatorEffect<Int>]) {
        for effect in effects {
            switch effect {
            case .send(.assign(let ranges), let peer): assigned[peer] = ranges
            case .send(.compute(let work), let peer): asked[peer, default: []].append(work)
            case .sendWeights(let ranges, let peer):
                asked[peer] = [
                    WorkHeader(
                        step: steps, attempt: machine.attempt, ranges: ranges, checksum: 0)
                ]
            case .sendShardPart(let part, _):
                let count = plan.examples(inShard: part.shard)
                precondition(part.first + part.count <= count, "no such examples")
            case .beginStep(let step):
                precondition(step == steps, "a step out of turn")
                sums = []
            case .checkpoint: perform(machine.checkpointWritten())
            case .update: update()
            case .evaluate: isEvaluating = true
            case .finish: hasFinished = true
            default: break
            }
        }
    }

    private mutating func update() {
        var covered: Set<Int> = []
        for sum in sums {
            precondition(sum.step == steps, "a sum of another step was added")
            let node = TreeNode(level: sum.level, residue: sum.residue)
            precondition(sum.examples == plan.examples(under: node, step: steps), "a lie was added")
            for slot in node.slots(of: plan.shards) {
                let leaf = TreeNode(leafAtSlot: slot, shards: plan.shards)
                guard plan.examples(under: leaf, step: steps) > 0 else { continue }
                precondition(covered.insert(slot).inserted, "a shard was added twice")
            }
        }
        precondition(
            sums.map(\.examples).reduce(0, +) == plan.positions(ofStep: steps).count,
            "an update without all examples")
        steps += 1
        perform(
            machine.updated(
                StepReport(
                    epoch: 1, epochs: 1, stepInEpoch: 1, stepsPerEpoch: 1, step: steps,
                    tally: Tally(), learningRate: 0, seconds: 0, positions: 0..<0, weights: .none),
                now: now))
    }
}
