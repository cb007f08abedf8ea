import DataParallel
import Files
import Kernels
import ModelFiles
import Protocol
import Reduction
import RunEvents
import Training

/// A coordinator's process: the real driver in a world of virtual network, disk and time.
final class CoordinatorProcess: VirtualProcess, CoordinatorWorld {
    typealias Peer = Int
    typealias Frame = VirtualFrame

    private let job: Job
    /// Nil once the process has ended, because driver and process refer to each other.
    private var driver: CoordinatorDriver<CoordinatorProcess>?
    private var connections: [Int: Connection] = [:]
    /// Messages that wait because too many are in flight to their worker.
    private var outboxes: [Int: Outbox<Packet>] = [:]
    private lazy var arbiter = ShardGradients(job)
    /// The number of checkpoint writes in progress; two at once would exceed the memory limit.
    private var writes = 0
    private var ticks = 0

    /// A process that resumes from a checkpoint, if any.
    init(_ world: World, session: Int, resuming checkpoint: Checkpoint?) {
        job = world.training.job
        super.init(world, name: "coordinator\(session)")
        driver = CoordinatorDriver(
            job, world.coordinatorSettings, run: RunID(UInt64(session)), resuming: checkpoint,
            in: self)
    }

    /// Starts the process.
    func start() {
        guard let state = driver?.state else { return }
        trace("starts from step \(state.step)")
        world.history.resume(fromStep: state.step, weights: state.parameters.sha256)
        driver?.start()
        tick()
    }

    /// Sends a signal to stop after the current step.
    func interrupt() { driver?.handle { $0.interrupt(15, now: $1) } }

    override func end() {
        checkSize()
        super.end()
        driver = nil
        connections = [:]
    }

    private func checkSize() {
        guard let driver else { return }
        world.checkSize(of: driver.machine, name)
        world.checkSize(of: driver.reduction.tree, name)
    }

    // MARK: - Events

    private func tick() {
        after(.milliseconds(50)) { [self] in
            ticks += 1
            driver?.handle { $0.tick(now: $1) }
            for peer in outboxes.keys.sorted() { flush(peer) }
            if ticks % 20 == 0 { probe() }
            if ticks % 320 == 0 { checkSize() }
            tick()
        }
    }

    /// Pings every member; one that cannot be reached is dropped.
    private func probe() { driver?.handle { machine, _ in machine.probe() } }

    /// A worker has connected.
    func accept(_ connection: Connection) { connections[connection.peer] = connection }

    /// A connection has ended.
    func lost(_ connection: Connection) {
        connections[connection.peer] = nil
        probe()
    }

    /// A message has arrived.
    func receive(_ packet: Packet, from connection: Connection) {
        let decoded = try? WorkerMessage.decode(packet.frames[0].bytes)
        let what = decoded?.message.summary ?? "a message that is damaged"
        trace("<- \(connection.worker.name), peer \(connection.peer): \(what)")
        driver?.receive(packet.frames, from: connection.peer)
        driver?.handle { $0.expelOverdrawn(now: $1) }
    }

    // MARK: - The network

    var now: Duration { world.queue.now }

    func send(_ header: [UInt8], _ payload: [VirtualFrame], to peer: Int, waiting: Bool) {
        guard isAlive else { return }
        guard let connection = connections[peer] else {
            // Its earlier messages have all arrived: a connection ends after its messages.
            return after(.zero) { [self] in
                driver?.handle { $0.connectionEnded(peer, now: $1) }
            }
        }
        let packet = Packet(header, payload)
        if outboxes[peer] == nil, connection.send(packet) { return }
        if waiting { outboxes[peer, default: Outbox()].add(packet) }
    }

    private func flush(_ peer: Int) {
        guard let connection = connections[peer] else { return outboxes[peer] = nil }
        outboxes[peer]?.flush { connection.send($0) }
        if outboxes[peer]?.isEmpty == true { outboxes[peer] = nil }
    }

    func silence(_ peer: Int) {
        let worker = connections[peer]?.worker
        if worker?.host.mayBeExpelled == false {
            world.fail("\(worker?.name ?? "") is put out, which does nothing wrong")
        }
        connections[peer]?.close(at: .coordinator, isBreak: true)
    }

    // MARK: - The numbers

    func makeReduction(_ tree: TreeReduction<VirtualFrame>) -> CheckedReduction {
        CheckedReduction(tree, of: self)
    }

    func arbitrate(_ slots: Range<Int>, step: Int, _ parameters: Snapshot) {
        after(world.latency()) { [self] in
            parameters.withBytes { arbiter.load($0) }
            let sums = arbiter.compute(slots: slots, step: step, shards: job.shards(at: slots))
            driver?.arbitrated(sums.map { SumBits($0) })
        }
    }

    func evaluate(_ parameters: Snapshot) {
        after(world.random.draw(.zero ... .milliseconds(50))) { [self] in
            guard let state = driver?.state else { return }
            world.history.endEpoch(step: state.step, tally: state.epochTally)
            driver?.evaluated(Tally(), nil)
        }
    }

    // MARK: - The record

    func record(_ event: RunEvent) throws(FileError) {
        if case .timing = event { return }
        trace(event.summary)
        switch event {
        case .rewound(let step):
            guard let state = driver?.state else { return }
            world.history.resume(fromStep: step, weights: state.parameters.sha256)
        case .wrong(let worker, _, _, _): world.isFoundOut(worker)
        case .assigned(let worker, let shards):
            world.report.shares[worker] = shards.count
            world.report.shareChanges += 1
        case .confirmedByWorkers(_, let step): world.isDoubted(fromStep: step)
        default: break
        }
    }

    /// A step is committed: if a checkpoint may still be lost, the step would have to be repeated.
    func isUpdated() {
        guard let state = driver?.state else { return }
        if writes > 0 {
            world.fail("step \(state.step) is made while a checkpoint is being written")
        }
        world.history.commit(step: state.step - 1, weights: state.parameters.sha256)
        world.report.stepTimes.append(now)
    }

    var recordHasRoom: Bool { world.recordHasRoom() }

    func flushRecord() {
        after(world.writingTime()) { [self] in driver?.recordIsFlushed(nil) }
    }

    // MARK: - Files and the end

    func save(_ checkpoint: Checkpoint) {
        trace("takes a checkpoint of step \(checkpoint.step)")
        if writes > 0 { world.fail("\(name) writes two checkpoints at once") }
        writes += 1
        let tellsEarly = world.bug == .holdIgnored
        if tellsEarly { driver?.saved(.success("\(checkpoint.step)"), step: checkpoint.step) }
        // A crash loses the file until it is renamed; the report of the write takes time too.
        after(world.writingTime()) { [self] in
            let result = world.disk.write(checkpoint.encoded(), step: checkpoint.step)
            after(world.latency()) { [self] in
                writes -= 1
                switch result {
                case .success: trace("has written the checkpoint of step \(checkpoint.step)")
                case .failure(let error): trace("\(error)")
                }
                if !tellsEarly { driver?.saved(result, step: checkpoint.step) }
            }
        }
    }

    func rewind(noLaterThan limit: Int) {
        if world.schedule.liars.isEmpty { world.fail("an honest run goes back to step \(limit)") }
        after(world.writingTime() + .milliseconds(1)) { [self] in
            // Runs after all writes in progress.
            if writes > 0 { return rewind(noLaterThan: limit) }
            world.disk.remove(after: limit)
            trace("goes back to step \(limit) or earlier")
            driver?.rewound(to: .success(world.disk.newest()))
        }
    }

    func finish(_ result: CoordinatorResult) {
        guard isAlive, let state = driver?.state else { return }
        trace("ends: \(result.outcome)")
        for connection in connections.values.sorted(by: { $0.peer < $1.peer }) {
            connection.close(at: .coordinator, isBreak: false)
        }
        end()
        world.coordinatorEnded(result.outcome, state)
    }
}
