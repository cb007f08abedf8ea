import DataParallel
import NeuralNetwork
import Protocol
import Training

/// Feeds a worker's machine with messages drawn from the bytes.
func checkWorkerMachine(_ bytes: [UInt8]) {
    var draw = Draw(bytes)
    var worker = JoinedWorker()
    while !draw.isUsedUp, !worker.hasFinished { worker.event(&draw) }
}

/// A worker that obeys any coordinator.
///
/// Whatever the coordinator says, the worker keeps no more examples than the shards have, computes
/// only what is there, and one range at a time.
struct JoinedWorker {
    private(set) var hasFinished = false
    private static let run = RunID(7)
    private let plan = BatchPlan(examples: 21, batchSize: 6, shards: 8)
    private var machine = WorkerMachine(
        hello: Hello(host: "h", pid: 1, lanes: 1, kernels: "k"),
        settings: WorkerSettings(joinTimeout: nil))
    private var now: Duration = .zero
    private var fetch: Fetch?
    private var stored: [Int: Int] = [:]
    private var isJoined = false
    private var computing: (slots: Range<Int>, step: Int)?

    init() {
        machine.start(now: now)
        perform(machine.connected(now: now))
    }

    mutating func event(_ draw: inout Draw) {
        switch draw.byte() % 10 {
        case 0:
            let architecture = Architecture(
                imageRows: 2, imageColumns: 2, hiddenSize: 2, layers: 1, classes: 2)
            receive(.welcome(Welcome(architecture, plan: plan, seed: 0, labelSmoothing: 0)))
        case 1: if let ranges = draw.ranges() { receive(.assign(ranges)) }
        case 2:
            receive(
                .shardPart(
                    ShardPart(shard: draw.number(), first: draw.number(), count: draw.number())))
        case 3, 4:
            guard let fetch else { return }
            let count = plan.examples(inShard: fetch.shard) - fetch.first
            receive(.shardPart(ShardPart(shard: fetch.shard, first: fetch.first, count: count)))
        case 5: if let work = work(&draw) { receive(.weights(work)) }
        case 6: if let work = work(&draw) { receive(.compute(work)) }
        case 7:
            guard let step = computing.take()?.step else { return }
            perform(machine.computed(step: step, now: now))
        case 8:
            now += .milliseconds(draw.byte() * 20)
            perform(machine.tick(now: now))
        default:
            perform(machine.disconnected(now: now))
            perform(machine.connected(now: now))
        }
    }

    mutating func receive(_ message: CoordinatorMessage) {
        perform(machine.receive(message, run: Self.run, now: now))
    }

    private func work(_ draw: inout Draw) -> WorkHeader? {
        let step = draw.number()
        return draw.ranges().map { WorkHeader(step: step, ranges: $0, checksum: 0) }
    }

    private mutating func perform(_ effects: [WorkerEffect]) {
        for effect in effects {
            switch effect {
            case .send(.fetch(let fetch), _): self.fetch = fetch
            case .reset: (stored, computing) = ([:], nil)
            case .prepare(let architecture, _, _, _): checkSizes(architecture)
            case .storeShardPart(let part): store(part)
            case .compute(let slots, let step):
                precondition(computing == nil, "two computations at once")
                precondition(step >= 0, "an impossible step")
                for slot in slots {
                    let shard = shard(atSlot: slot, of: plan.shards)
                    precondition(
                        stored[shard, default: 0] == plan.examples(inShard: shard),
                        "a computation without data")
                }
                computing = (slots, step)
            case .finish: hasFinished = true
            default: break
            }
        }
    }

    private mutating func store(_ part: ShardPart) {
        precondition(part.count > 0 && part.first == stored[part.shard, default: 0], "overlap")
        stored[part.shard] = part.first + part.count
        precondition(stored[part.shard, default: 0] <= plan.examples(inShard: part.shard))
    }

    /// The arithmetic of sizes, which must not overflow, and then the room that they take.
    private func checkSizes(_ architecture: Architecture) {
        _ = ParameterLayout(architecture).count
        _ = architecture.operations
    }
}
