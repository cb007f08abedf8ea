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

/// How far a worker has come with the coordinator that is about to send something.
package enum WorkerStage: CaseIterable, Sendable {
    /// It has said hello.
    case waiting
    /// It is welcome.
    case joined
    /// It waits for its data.
    case fetching
    /// It has all data, and computes.
    case computing
}

/// Takes a message from a coordinator at a stage, and goes on; a trap is the find.
package func checkWorker(_ message: CoordinatorMessage, at stage: WorkerStage) {
    var worker = JoinedWorker()
    worker.advance(to: stage)
    for _ in 0..<2 {
        worker.receive(message)
        worker.passTime()
    }
}

/// A worker that obeys any coordinator.
///
/// Whatever the coordinator says, the worker keeps no more examples than the shards have, computes
/// only what is there, and one range at a time.
struct JoinedWorker {
    private(set) var hasFinished = false
    private var plan = BatchPlan(examples: 21, batchSize: 6, shards: 8)
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
        case 0, 1, 2:
            guard let message = CoordinatorMessage.received(&draw) else { return }
            receive(message)
        case 3: join()
        case 4: receivePart()
        case 5, 6: work(onStep: draw.byte())
        case 7: compute()
        case 8:
            now += .milliseconds(draw.byte() * 20)
            perform(machine.tick(now: now))
        default:
            perform(machine.disconnected(now: now))
            perform(machine.connected(now: now))
        }
    }

    mutating func advance(to stage: WorkerStage) {
        guard stage != .waiting else { return }
        join()
        guard stage != .joined else { return }
        receive(.assign(SlotRanges(0..<plan.shards)))
        guard stage != .fetching else { return }
        for _ in 0..<plan.shards { receivePart() }
        work(onStep: 3)
    }

    /// Hours pass, the lanes finish, and the coordinator asks what it does.
    mutating func passTime() {
        receive(.ping)
        now += .seconds(10_000)
        perform(machine.tick(now: now))
        receive(.ping)
        for _ in 0..<4 { compute() }
        _ = machine.interrupt(15, now: now)
    }

    private mutating func join() {
        receive(.welcome(Welcome(fuzzedArchitecture, plan: plan, seed: 0, labelSmoothing: 0)))
    }

    private mutating func receivePart() {
        guard let fetch else { return }
        let count = plan.examples(inShard: fetch.shard) - fetch.first
        receive(.shardPart(ShardPart(shard: fetch.shard, first: fetch.first, count: count)))
    }

    private mutating func work(onStep step: Int) {
        receive(.weights(WorkHeader(step: step, ranges: SlotRanges(0..<plan.shards), checksum: 0)))
    }

    private mutating func compute() {
        guard let step = computing.take()?.step else { return }
        perform(machine.computed(step: step, now: now))
    }

    mutating func receive(_ message: CoordinatorMessage) {
        perform(machine.receive(message, run: fuzzedRun, now: now))
    }

    private mutating func perform(_ effects: [WorkerEffect]) {
        for effect in effects {
            switch effect {
            case .send(.fetch(let fetch), _): self.fetch = fetch
            case .reset: (stored, computing) = ([:], nil)
            case .prepare(let architecture, let plan, _, _):
                self.plan = plan
                checkSizes(architecture)
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
