import DataParallel
import Protocol
import Reduction
import Simulation

/// Feeds a worker's driver with messages drawn from the bytes.
func checkWorkerMachine(_ bytes: [UInt8]) {
    var draw = Draw(bytes)
    let worker = JoinedWorker()
    while !draw.isUsedUp, !worker.hasFinished { worker.event(&draw) }
}

/// The worker's state when the coordinator sends its message.
package enum WorkerStage: CaseIterable, Sendable {
    /// It has sent hello.
    case waiting
    /// It has received a welcome.
    case joined
    /// It waits for its data.
    case fetching
    /// It has all data, and computes.
    case computing
}

/// Receives a message from a coordinator at a stage, and continues; a trap is a finding.
package func checkWorker(_ message: CoordinatorMessage, at stage: WorkerStage) {
    let worker = JoinedWorker()
    worker.advance(to: stage)
    for _ in 0..<2 {
        worker.receive(message)
        worker.passTime()
    }
}

/// A worker that obeys any coordinator.
///
/// Whatever the coordinator sends, the worker keeps no more examples than the shards have, computes only
/// with data that is present, and one range at a time: see ``ScriptedWorkerWorld``.
struct JoinedWorker {
    private let world = ScriptedWorkerWorld()
    private let driver: WorkerDriver<ScriptedWorkerWorld>
    private let welcome = BatchPlan(examples: 21, batchSize: 6, shards: 8)
    private var plan: BatchPlan { world.plan ?? welcome }

    var hasFinished: Bool { world.outcome != nil }

    init() {
        driver = WorkerDriver(
            hello: Hello(host: "h", pid: 1, lanes: 2, kernels: "k"),
            settings: WorkerSettings(joinTimeout: nil), kernels: fuzzedJob.kernels, in: world)
        driver.start()
        connect()
    }

    func event(_ draw: inout Draw) {
        switch draw.byte() % 10 {
        case 0, 1, 2:
            guard let message = CoordinatorMessage.received(&draw) else { return }
            receive(message)
        case 3: join()
        case 4: receivePart()
        case 5, 6: work(onStep: draw.byte())
        case 7: compute()
        case 8:
            pass(.milliseconds(draw.byte() * 20))
            // The coordinator may read slowly.
            world.hasRoom.toggle()
        default:
            driver.disconnected()
            connect()
        }
    }

    func advance(to stage: WorkerStage) {
        guard stage != .waiting else { return }
        join()
        guard stage != .joined else { return }
        receive(.assign(SlotRanges(0..<plan.shards)))
        guard stage != .fetching else { return }
        for _ in 0..<plan.shards { receivePart() }
        work(onStep: 3)
    }

    /// Hours pass, the lanes finish, and the coordinator pings.
    func passTime() {
        receive(.ping)
        pass(.seconds(10_000))
        receive(.ping)
        for _ in 0..<4 { compute() }
        driver.handle { $0.interrupt(15, now: $1) }
    }

    private func connect() { driver.handle { $0.connected(now: $1) } }

    private func pass(_ time: Duration) {
        world.now += time
        driver.handle { $0.tick(now: $1) }
        if world.takeRetry() { driver.retry() }
    }

    private func join() {
        receive(.welcome(Welcome(fuzzedArchitecture, plan: welcome, seed: 0, labelSmoothing: 0)))
    }

    private func receivePart() {
        let fetches = world.sent.reversed().lazy.compactMap { message -> Fetch? in
            if case .fetch(let fetch) = message { fetch } else { nil }
        }
        guard let fetch = fetches.first else { return }
        let count = plan.examples(inShard: fetch.shard) - fetch.first
        receive(.shardPart(ShardPart(shard: fetch.shard, first: fetch.first, count: count)))
    }

    private func work(onStep step: Int) {
        receive(.weights(WorkHeader(step: step, ranges: SlotRanges(0..<plan.shards), checksum: 0)))
    }

    /// All lanes finish their parts.
    private func compute() {
        for _ in world.parts {
            if let (part, sums) = world.takePart() { driver.computed(part, sums, in: nil) }
        }
    }

    func receive(_ message: CoordinatorMessage) {
        driver.receive(message.frames(run: fuzzedRun, for: fuzzedArchitecture))
    }
}
