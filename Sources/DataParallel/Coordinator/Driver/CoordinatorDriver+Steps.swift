import Files
import Glibc
import ModelFiles
import Protocol
import Reduction
import RunEvents
import Training

// The course of a step: send the weights, add the sums as they arrive, update; and the files that this
// involves.

extension CoordinatorDriver {
    // MARK: - Sending

    func begin(_ step: Int) {
        reduction.begin(step: step)
        let now = world.now
        clock.resume(at: now)
        timing.begin(
            step: step + 1,
            isLogged: isLogged(
                step: step % job.plan.stepsPerEpoch + 1, of: job.plan.stepsPerEpoch,
                every: machine.settings.logEvery), at: now)
    }

    func send(_ message: CoordinatorMessage, to peer: World.Peer) {
        var message = message
        switch message {
        case .welcome: timing.join(peer, name: machine.name(of: peer) ?? "")
        case .compute(var work):
            timing.ask(peer, slots: work.ranges.slotCount, bytes: 0)
            work.isTimed = timing.isTimed
            message = .compute(work)
        case .ping: timing.ping(peer, at: world.now)
        default: break
        }
        // These are repeated a second later, and a full queue already shows that the peer is connected.
        let isRepeated =
            switch message {
            case .ping, .expel: true
            default: false
            }
        send(message.header(run: run), [], to: peer, waiting: !isRepeated)
    }

    private func send(
        _ header: [UInt8], _ payload: [World.Frame], to peer: World.Peer, waiting: Bool = true
    ) {
        timing.sent(payload.reduce(header.count) { $0 + $1.byteCount }, to: peer)
        world.send(header, payload, to: peer, waiting: waiting)
    }

    func sendWeights(_ ranges: SlotRanges, to peer: World.Peer) {
        let (frame, checksum) = broadcast ?? makeBroadcast()
        let work = WorkHeader(
            step: state.step, attempt: machine.attempt, ranges: ranges, checksum: checksum,
            isTimed: timing.isTimed)
        let header = CoordinatorMessage.weights(work).header(run: run)
        timing.ask(peer, slots: ranges.slotCount, bytes: header.count + frame.byteCount)
        world.send(header, [frame], to: peer, waiting: true)
    }

    private func makeBroadcast() -> (frame: World.Frame, checksum: UInt64) {
        let frame = state.parameters.withBytes { World.Frame(copying: $0) }
        let broadcast = (frame: frame, checksum: frame.checksum)
        self.broadcast = broadcast
        return broadcast
    }

    func sendShardPart(_ part: ShardPart, to peer: World.Peer) {
        let examples = job.layout.examples(
            part.first..<part.first + part.count, ofShard: part.shard, from: job.dataset.train)
        send(
            CoordinatorMessage.shardPart(part).header(run: run),
            [examples.values, examples.labels].map { World.Frame(copying: $0.span.bytes) },
            to: peer)
    }

    // MARK: - The update

    func update() {
        timing.beginUpdate(at: world.now)
        guard let sum = reduction.takeRoot() else {
            preconditionFailure("all slots are covered, so the tree is complete")
        }
        let learningRate = state.learningRate
        guard state.update(sum) else { return abandon(.diverged(step: state.step)) }
        reduction.recycle(sum.gradients)
        clock.count(sum.tally.examples)
        let end = world.now
        timing.updated(sum.tally, learningRate: learningRate, at: end)
        if let timed = timing.takeStepTiming() { report(.timed(timed)) }
        // The record hashes, on its own thread, the same frame that goes to the workers.
        let report = state.report(
            sum.tally, learningRate: learningRate, seconds: clock.seconds(at: end),
            weights: StepWeights(sharing: makeBroadcast().frame))
        perform(machine.updated(report, now: end))
    }

    func evaluate() {
        clock.pause(at: world.now)
        world.evaluate(state.snapshot)
    }

    /// Handles the test result at an epoch's end.
    package func evaluated(_ test: Tally, _ detail: TestDetail?) {
        guard test.loss.isFinite else { return abandon(.diverged(step: state.step)) }
        var report = EpochReport(
            epoch: state.step / job.plan.stepsPerEpoch, epochs: job.configuration.epochs,
            step: state.step, train: state.epochTally, test: test,
            seconds: clock.seconds(at: world.now), examplesPerSecond: clock.takeEpochRate())
        report.detail = detail
        lastEpoch = report
        self.report(.epoch(report))
        handle { $0.evaluated(now: $1) }
    }

    /// Handles the coordinator's own sums of a disputed range.
    package func arbitrated(_ right: [SumBits]) { handle { $0.arbitrated(right, now: $1) } }

    // MARK: - The disk

    func checkpoint() {
        guard state.isFinite else { return abandon(.diverged(step: state.step)) }
        saves += 1
        world.save(state.checkpoint(seconds: clock.seconds(at: world.now)))
    }

    /// Handles the end of a checkpoint: its path, or the error.
    package func saved(_ result: Result<String, FileError>, step: Int) {
        saves -= 1
        switch result {
        case .success(let path):
            report(
                .checkpoint(path: path, step: step, isRequested: machine.isRequestFulfilled))
            handle { machine, _ in machine.checkpointWritten() }
        case .failure(let error):
            machine.checkpointFailed()
            // Even at the end: a stop must not succeed without the file from which the run would resume.
            abandon(.failed(error))
        }
        finishIfDone()
    }

    func rewind(noLaterThan limit: Int) {
        clock.pause(at: world.now)
        timing.suspend()
        world.rewind(noLaterThan: limit)
    }

    /// Handles the removal of later checkpoints; the run resumes from the newest remaining one, if any.
    package func rewound(to result: Result<Checkpoint?, FileError>) {
        let checkpoint: Checkpoint?
        switch result {
        case .success(let kept): checkpoint = kept
        case .failure(let error): return abandon(.failed(error))
        }
        let isDrawn = job.configuration.initialWeightsDigest == nil
        guard checkpoint != nil || isDrawn || job.initialParameters != nil else {
            // Without initial weights, the run cannot restart from the beginning.
            return abandon(
                .failed(FileError(operation: "read", path: "the initial weights", code: ENOENT)))
        }
        state = TrainingState(job, resuming: checkpoint)
        broadcast = nil
        // Later tests used discarded weights.
        if let last = lastEpoch, last.step > state.step { lastEpoch = nil }
        report(.rewound(step: state.step))
        handle { [step = state.step] in $0.rewound(to: step, now: $1) }
    }
}
