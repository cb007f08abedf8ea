import DataParallel
import Kernels
import Protocol
import Training

/// A coordinator's process: carries out what its machine decides, as the coordinator's actor does.
final class CoordinatorProcess: VirtualProcess {
    typealias Effect = CoordinatorEffect<Int>

    private let run: RunID
    private let job: Job
    private var machine: CoordinatorMachine<Int>
    private var state: TrainingState
    private var sums: PartialSums
    private var connections: [Int: Connection] = [:]
    /// What waits for workers that have too much on its way.
    private var outboxes: [Int: Outbox<Packet<CoordinatorMessage>>] = [:]
    private lazy var arbiter = ShardGradients(job)

    // Effects are carried out one after another; those that come up meanwhile wait their turn.
    private var queue: [Effect] = []
    private var isPerforming = false
    /// The payload of the message that is being dealt with.
    private var payload = Payload.none
    /// The weights as they are broadcast, made once a step.
    private var broadcast: FloatBuffer?
    private var isWriting = false
    private var outcome: Outcome?
    private var ticks = 0

    /// A process that goes on from a checkpoint, if there is one.
    init(_ world: World, session: Int, resuming checkpoint: Checkpoint?) {
        job = world.training.job
        run = RunID(UInt64(session))
        state = TrainingState(job, resuming: checkpoint)
        sums = PartialSums(job.plan, parameterCount: state.parameters.count, kernels: job.kernels)
        machine = CoordinatorMachine(
            plan: job.plan, settings: world.coordinatorSettings, step: state.step)
        super.init(world, name: "coordinator\(session)")
    }

    /// The process begins.
    func start() {
        trace("starts from step \(state.step)")
        world.history.resume(fromStep: state.step, weights: state.parameters.sha256)
        perform(machine.start(now: world.queue.now))
        tick()
    }

    /// A signal asks to stop after the step under way.
    func interrupt() { perform(machine.interrupt(15, now: world.queue.now)) }

    override func end() {
        checkSize()
        super.end()
        connections = [:]
    }

    private func checkSize() {
        world.checkSize(of: machine, name)
        world.checkSize(of: sums, name)
    }

    // MARK: - Events

    private func tick() {
        after(.milliseconds(50)) { [self] in
            ticks += 1
            perform(machine.tick(now: world.queue.now))
            for peer in outboxes.keys.sorted() { flush(peer) }
            if ticks % 20 == 0 { probe() }
            if ticks % 320 == 0 { checkSize() }
            tick()
        }
    }

    /// Sends a word to every member; one that cannot be reached is gone.
    private func probe() { perform(machine.probe()) }

    /// A worker has dialled.
    func accept(_ connection: Connection) { connections[connection.peer] = connection }

    /// A connection has ended.
    func lost(_ connection: Connection) {
        connections[connection.peer] = nil
        probe()
    }

    /// A message has come.
    func receive(_ packet: Packet<WorkerMessage>, from connection: Connection) {
        let peer = connection.peer
        trace("<- \(connection.worker.name), peer \(peer): \(packet.message.summary)")
        if case .hello = packet.message {
        } else if packet.run != run {
            perform([machine.drop(peer, "\(ProtocolError.otherRun(packet.run))")])
            return perform(machine.putOutOverdrawn(now: world.queue.now))
        }
        let size = packet.message.header(run: run).count
        guard machine.isWorthReading(packet.message, bytes: size, from: peer) else {
            trace("is not worth reading")
            return perform(machine.putOutOverdrawn(now: world.queue.now))
        }
        payload = packet.payload
        defer { payload = .none }
        let effects = machine.receive(
            packet.message, digest: payloadDigest, from: peer, now: world.queue.now)
        perform(
            world.bug?.tamper(with: effects, after: packet.message, world.history) ?? effects)
        perform(machine.putOutOverdrawn(now: world.queue.now))
    }

    private func payloadDigest() -> PayloadDigest {
        guard case .values(let gradients) = payload else { fatalError("only sums have a payload") }
        return PayloadDigest(gradients)
    }

    // MARK: - Effects

    private func perform(_ effects: [Effect]) {
        queue += effects
        guard !isPerforming else { return }
        isPerforming = true
        defer { isPerforming = false }
        while isAlive, !queue.isEmpty { perform(queue.removeFirst()) }
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .send(let message, let peer): send(Packet(message: message, run: run), to: peer)
        case .sendShardPart(let part, let peer):
            let examples = job.deal.examples(
                part.first..<part.first + part.count, ofShard: part.shard,
                from: job.dataset.train)
            send(
                Packet(message: .shardPart(part), run: run, payload: .examples(examples)),
                to: peer)
        case .cutOff(let peer):
            let worker = connections[peer]?.worker
            if worker?.host.hasRepeated == false {
                world.fail("\(worker?.name ?? "") is put out, which does nothing wrong")
            }
            connections[peer]?.close(at: .coordinator, isBreak: true)
        case .sendWeights(let ranges, let peer):
            let values = broadcast ?? FloatBuffer(copying: state.parameters)
            broadcast = values
            let work = WorkHeader(
                step: state.step, attempt: machine.attempt, ranges: ranges, checksum: 0)
            send(Packet(message: .weights(work), run: run, payload: .values(values)), to: peer)
        case .beginStep(let step):
            sums.begin(step: step)
            world.history.begin(step: step)
        case .accumulate(let sum): accumulate(sum)
        case .arbitrate(let slots, let step): arbitrate(slots, step: step)
        case .rewind(let limit): rewind(noLaterThan: limit)
        case .update: update()
        case .checkpoint: checkpoint()
        case .evaluate: evaluate()
        case .report(let event):
            trace(event.summary)
            if case .wrong(let worker, _, _, _) = event { world.isFoundOut(worker) }
            if case .assigned(let worker, let shards) = event {
                world.report.shares[worker] = shards.count
                world.report.shareChanges += 1
            }
            if case .confirmedByWorkers(_, let step) = event { world.isDoubted(fromStep: step) }
        case .finish(let outcome):
            self.outcome = outcome
            completeIfDone()
        }
    }

    private func send(_ packet: Packet<CoordinatorMessage>, to peer: Int) {
        guard let connection = connections[peer] else {
            // What it said before it went has been heard: a connection ends behind its messages.
            return after(.zero) { [self] in
                perform(machine.connectionEnded(peer, now: world.queue.now))
            }
        }
        if outboxes[peer] == nil, connection.send(packet) { return }
        outboxes[peer, default: Outbox()].add(packet, now: world.queue.now)
    }

    private func flush(_ peer: Int) {
        guard let connection = connections[peer] else { return outboxes[peer] = nil }
        outboxes[peer]?.flush(now: world.queue.now) { connection.send($0) }
        if outboxes[peer]?.isEmpty == true { outboxes[peer] = nil }
    }

    private func arbitrate(_ slots: Range<Int>, step: Int) {
        let parameters = FloatBuffer(copying: state.parameters)
        after(world.latency()) { [self] in
            parameters.withBytes { arbiter.load($0) }
            let sums = arbiter.compute(slots: slots, step: step, shards: job.shards(at: slots))
            perform(machine.arbitrated(sums.map { SumBits($0) }, now: world.queue.now))
        }
    }

    // MARK: - The numbers

    private func accumulate(_ header: PartialSumHeader) {
        if world.bug == .lostSum, world.random.oneIn(100) { return }
        guard case .values(let gradients) = payload else {
            return world.fail("a partial sum is to be added, but none is at hand")
        }
        world.history.accumulate(header)
        let node = TreeNode(level: header.level, residue: header.residue)
        let tally = Tally(examples: header.examples, correct: header.correct, loss: header.loss)
        gradients.withBytes { sums.add(node, tally: tally, payload: $0) }
    }

    private func update() {
        guard let sum = sums.takeRoot() else {
            return world.fail("step \(state.step) is to be updated, but its sum is not complete")
        }
        let last = state.step
        let learningRate = state.learningRate
        guard state.update(sum) else { return world.fail("step \(last) has diverged") }
        sums.pool.give(sum.gradients)
        broadcast = nil
        world.history.commit(step: last, weights: state.parameters.sha256)
        world.report.stepTimes.append(world.queue.now)
        let report = state.report(
            sum.tally, learningRate: learningRate, seconds: 0, weights: .none)
        perform(machine.updated(report, now: world.queue.now))
    }

    private func evaluate() {
        after(world.random.draw(.zero ... .milliseconds(50))) { [self] in
            world.history.endEpoch(step: state.step, tally: state.epochTally)
            perform(machine.evaluated(now: world.queue.now))
        }
    }

    // MARK: - Files and the end

    private func checkpoint() {
        trace("takes a checkpoint of step \(state.step)")
        if isWriting { world.fail("\(name) writes two checkpoints at once") }
        isWriting = true
        let checkpoint = state.checkpoint(seconds: 0)
        // Until it is renamed, a file is lost in a crash; the news of it takes its time too.
        after(world.writingTime()) { [self] in
            let result = world.disk.write(checkpoint.encoded(), step: checkpoint.step)
            after(world.latency()) { [self] in wrote(result, step: checkpoint.step) }
        }
    }

    private func rewind(noLaterThan limit: Int) {
        if world.schedule.liars.isEmpty { world.fail("an honest run goes back to step \(limit)") }
        after(world.writingTime() + .milliseconds(1)) { [self] in
            // Behind what is still to be written.
            if isWriting { return rewind(noLaterThan: limit) }
            world.disk.remove(after: limit)
            state = TrainingState(job, resuming: world.disk.newest())
            broadcast = nil
            trace("goes back to step \(state.step)")
            world.history.resume(fromStep: state.step, weights: state.parameters.sha256)
            perform(machine.rewound(to: state.step, now: world.queue.now))
        }
    }

    private func wrote(_ result: Result<String, FileError>, step: Int) {
        isWriting = false
        switch result {
        case .success:
            trace("has written the checkpoint of step \(step)")
            perform(machine.checkpointWritten())
        case .failure(let error):
            trace("\(error)")
            queue.removeAll()
            perform(machine.fail(.failed(error), now: world.queue.now))
        }
        completeIfDone()
    }

    private func completeIfDone() {
        guard isAlive, let outcome, !isWriting else { return }
        trace("ends: \(outcome)")
        for connection in connections.values.sorted(by: { $0.peer < $1.peer }) {
            connection.close(at: .coordinator, isBreak: false)
        }
        end()
        world.coordinatorEnded(outcome, state)
    }
}
