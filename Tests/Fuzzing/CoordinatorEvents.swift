import DataParallel
import NeuralNetwork
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

private let architecture = Architecture(
    imageRows: 2, imageColumns: 2, hiddenSize: 2, layers: 1, classes: 2)
private let plan = BatchPlan(examples: 21, batchSize: 6, shards: 8)
private let welcome = Welcome(architecture, plan: plan, seed: 0, labelSmoothing: 0)

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
    private var asked: [Int: WorkHeader] = [:]

    init() { perform(machine.start(now: now)) }

    mutating func event(_ draw: inout Draw) {
        let peer = draw.byte() % 8
        switch draw.byte() % 12 {
        case 0:
            let hello = Hello(host: "h", pid: draw.number(), lanes: draw.number(), kernels: "k")
            receive(.hello(hello), from: peer)
        case 1:
            if let ranges = draw.ranges() { receive(.ready(ranges), from: peer) }
        case 2, 3: if let range = assigned[peer] { receive(.ready(range), from: peer) }
        case 4: receive(.fetch(Fetch(shard: draw.number(), first: draw.number())), from: peer)
        case 5:
            receive(
                .partialSum(
                    PartialSumHeader(
                        step: draw.number(), level: draw.number(), residue: draw.number(),
                        examples: draw.number(), correct: draw.number(), loss: .nan, checksum: 0)),
                from: peer)
        case 6, 7: answer(from: peer)
        case 8: receive(.leave(Notice(reason: "")), from: peer)
        case 9: perform(machine.lose(peer, reason: "", now: now))
        case 10:
            now += .milliseconds(draw.byte() * 20)
            perform(machine.tick(now: now))
        default:
            guard isEvaluating else { return }
            isEvaluating = false
            perform(machine.evaluated(now: now))
        }
    }

    private mutating func receive(_ message: WorkerMessage, from peer: Int) {
        perform(machine.receive(message, from: peer, now: now))
    }

    /// Sends what an honest worker would, leaf by leaf.
    private mutating func answer(from peer: Int) {
        guard let work = asked[peer], let slots = work.ranges.slots(of: plan.shards) else { return }
        for slot in slots.joined() {
            let node = TreeNode(leafAtSlot: slot, shards: plan.shards)
            let examples = plan.examples(under: node, step: work.step)
            receive(
                .partialSum(
                    PartialSumHeader(
                        step: work.step, level: node.level, residue: node.residue,
                        examples: examples, correct: 0, loss: 0, checksum: 0)),
                from: peer)
        }
    }

    private mutating func perform(_ effects: [CoordinatorEffect<Int>]) {
        for effect in effects {
            switch effect {
            case .send(.assign(let ranges), let peer): assigned[peer] = ranges
            case .send(.compute(let work), let peer): asked[peer] = work
            case .sendWeights(let ranges, let peer):
                asked[peer] = WorkHeader(step: steps, ranges: ranges, checksum: 0)
            case .sendShardPart(let fetch, _):
                precondition(fetch.first < plan.examples(inShard: fetch.shard), "no such examples")
            case .beginStep(let step):
                precondition(step == steps, "a step out of turn")
                sums = []
            case .accumulate(let sum): sums.append(sum)
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
                    tally: Tally(), learningRate: 0, seconds: 0, positions: 0..<0, weights: 0),
                now: now))
    }
}
