import DataParallel
import NeuralNetwork
import Protocol
import Randomness
import Training

/// A coordinator's and its workers' machines with queues between them instead of a network.
///
/// Each connection keeps its order; which connection moves next is drawn from a seed. Computations
/// take as long as the draw makes them. The network checks, step by step, that every example is
/// counted once.
struct MachineNetwork {
    typealias Effect = CoordinatorEffect<Int>

    let plan: BatchPlan
    private(set) var coordinator: CoordinatorMachine<Int>
    private(set) var outcome: Outcome?
    private(set) var events: [RunEvent] = []
    /// The examples that the accepted sums of each finished step counted.
    private(set) var examplesOfStep: [Int] = []
    private(set) var workers: [Int: Node] = [:]
    private(set) var checkpoints = 0

    private var random: Philox
    private var nextPeer = 0
    private var now: Duration = .zero
    private var sums: [PartialSumHeader] = []
    private var updates = 0
    private var isEvaluating = false

    /// One worker with its two queues.
    struct Node {
        var machine: WorkerMachine
        var toCoordinator: [WorkerMessage] = []
        var toWorker: [CoordinatorMessage] = []
        var computing: (slots: Range<Int>, step: Int)?
        var computed: (slots: Range<Int>, step: Int)?
        var outcome: WorkerOutcome?
    }

    static let run = RunID(7)
    static let architecture = Architecture(
        imageRows: 2, imageColumns: 2, hiddenSize: 2, layers: 1, classes: 2)

    init(
        plan: BatchPlan, epochs: Int, minimumWorkers: Int = 1, checkpointEvery: Int = 0,
        seed: UInt64 = 0, fromStep step: Int = 0
    ) {
        self.plan = plan
        random = Philox(seed: seed, for: "schedule")
        let settings = CoordinatorSettings(
            welcome: Welcome(Self.architecture, plan: plan, seed: 0, labelSmoothing: 0),
            epochs: epochs, minimumWorkers: minimumWorkers, checkpointEvery: checkpointEvery,
            joinTimeout: nil)
        coordinator = CoordinatorMachine(plan: plan, settings: settings, step: step)
        updates = step
        perform(coordinator.start(now: now))
    }

    // MARK: - What may happen

    /// A new worker dials in.
    @discardableResult
    mutating func join() -> Int {
        let peer = nextPeer
        nextPeer += 1
        let hello = Hello(host: "host", pid: peer, lanes: 1, kernels: "test")
        var node = Node(
            machine: WorkerMachine(hello: hello, settings: WorkerSettings(joinTimeout: nil)))
        node.machine.start(now: now)
        let effects = node.machine.connected(now: now)
        workers[peer] = node
        perform(effects, on: peer)
        return peer
    }

    /// A worker vanishes with all that was on its way; the coordinator learns of it.
    mutating func kill(_ peer: Int) {
        workers[peer] = nil
        perform(coordinator.lose(peer, reason: "it was killed", now: now))
    }

    mutating func interrupt() { perform(coordinator.interrupt(2, now: now)) }

    mutating func tick(after duration: Duration) {
        now += duration
        perform(coordinator.tick(now: now))
    }

    /// Moves something, drawn from all that can move; false if nothing can.
    mutating func advance() -> Bool {
        var moves: [(inout MachineNetwork) -> Void] = []
        if isEvaluating { moves.append { $0.finishEvaluation() } }
        for (peer, node) in workers.sorted(by: { $0.key < $1.key }) {
            if !node.toCoordinator.isEmpty { moves.append { $0.deliverToCoordinator(from: peer) } }
            if !node.toWorker.isEmpty { moves.append { $0.deliverToWorker(peer) } }
            if node.computing != nil { moves.append { $0.finishComputation(of: peer) } }
        }
        guard outcome == nil, !moves.isEmpty else { return false }
        moves[random.below(moves.count)](&self)
        return true
    }

    /// Moves until nothing can move or `limit` moves are made.
    mutating func run(limit: Int = 1_000_000) {
        var moves = 0
        while moves < limit, advance() { moves += 1 }
    }

    private mutating func finishEvaluation() {
        isEvaluating = false
        perform(coordinator.evaluated(now: now))
    }

    private mutating func deliverToCoordinator(from peer: Int) {
        guard let message = workers[peer]?.toCoordinator.removeFirst() else { return }
        perform(coordinator.receive(message, from: peer, now: now))
    }

    private mutating func deliverToWorker(_ peer: Int) {
        guard var node = workers[peer] else { return }
        let message = node.toWorker.removeFirst()
        let effects = node.machine.receive(message, run: Self.run, now: now)
        workers[peer] = node
        perform(effects, on: peer)
    }

    private mutating func finishComputation(of peer: Int) {
        guard var node = workers[peer], let work = node.computing else { return }
        node.computing = nil
        node.computed = work
        let effects = node.machine.computed(step: work.step, now: now)
        workers[peer] = node
        perform(effects, on: peer)
    }

    // MARK: - Effects

    private mutating func perform(_ effects: [WorkerEffect], on peer: Int) {
        for effect in effects {
            switch effect {
            case .send(let message, _): workers[peer]?.toCoordinator.append(message)
            case .compute(let slots, let step): workers[peer]?.computing = (slots, step)
            case .sendSums: sendSums(of: peer)
            case .finish(let outcome): workers[peer]?.outcome = outcome
            default: break
            }
        }
    }

    /// Sends the sums of the maximal nodes inside what was computed, as the real worker does.
    private mutating func sendSums(of peer: Int) {
        guard let work = workers[peer]?.computed else { return }
        for node in Self.maximalNodes(in: work.slots, of: plan) {
            let examples = plan.examples(under: node, step: work.step)
            guard examples > 0 else { continue }
            workers[peer]?.toCoordinator.append(
                .partialSum(
                    PartialSumHeader(
                        step: work.step, level: node.level, residue: node.residue,
                        examples: examples, correct: 0, loss: 1, checksum: 0)))
        }
    }

    static func maximalNodes(in slots: Range<Int>, of plan: BatchPlan) -> [TreeNode] {
        var nodes: [TreeNode] = []
        for slot in slots {
            var node = TreeNode(leafAtSlot: slot, shards: plan.shards)
            while let parent = node.parent, slots.contains(parent.slots(of: plan.shards)) {
                node = parent
            }
            if nodes.last != node { nodes.append(node) }
        }
        return nodes
    }

    private mutating func perform(_ effects: [Effect]) {
        for effect in effects {
            switch effect {
            case .send(let message, let peer): workers[peer]?.toWorker.append(message)
            case .sendShardPart(let fetch, let peer):
                let part = ShardPart(
                    shard: fetch.shard, first: fetch.first,
                    count: min(3, plan.examples(inShard: fetch.shard) - fetch.first))
                workers[peer]?.toWorker.append(.shardPart(part))
            case .sendWeights(let range, let peer):
                workers[peer]?.toWorker.append(
                    .weights(WorkHeader(step: updates, range: range, checksum: 0)))
            case .beginStep: sums = []
            case .accumulate(let sum): sums.append(sum)
            case .update: update()
            case .checkpoint:
                checkpoints += 1
                perform(coordinator.checkpointWritten())
            case .evaluate: isEvaluating = true
            case .report(let event): events.append(event)
            case .finish(let outcome): self.outcome = outcome
            }
        }
    }

    private mutating func update() {
        examplesOfStep.append(sums.reduce(0) { $0 + $1.examples })
        updates += 1
        perform(coordinator.updated(Self.report(step: updates), now: now))
    }

    static func report(step: Int) -> StepReport {
        StepReport(
            epoch: 1, epochs: 1, stepInEpoch: step, stepsPerEpoch: 1, step: step, tally: Tally(),
            learningRate: 0, seconds: 0, positions: 0..<0, weights: 0)
    }
}
