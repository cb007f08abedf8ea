import Protocol
import Training
import ZeroMQ

// What is sent, and what happens to the numbers.

extension Coordinator {
    // MARK: - Sending

    func sendWeights(_ ranges: SlotRanges, to peer: PeerIdentity) {
        let (frame, checksum) = broadcast ?? makeBroadcast()
        let work = WorkHeader(
            step: state.step, attempt: machine.attempt, ranges: ranges, checksum: checksum)
        let header = Frame(CoordinatorMessage.weights(work).header(run: run))
        timing.ask(peer, slots: ranges.slotCount, bytes: header.count + frame.count)
        transmit([header, frame], to: peer)
    }

    private func makeBroadcast() -> (frame: Frame, checksum: UInt64) {
        let frame = state.parameters.withBytes { Frame(copying: $0) }
        let broadcast = (frame: frame, checksum: frame.checksum)
        self.broadcast = broadcast
        return broadcast
    }

    func sendShardPart(_ part: ShardPart, to peer: PeerIdentity) {
        let examples = job.deal.examples(
            part.first..<part.first + part.count, ofShard: part.shard, from: job.dataset.train)
        let header = CoordinatorMessage.shardPart(part).header(run: run)
        send([Frame(header), Frame(examples.values), Frame(examples.labels)], to: peer)
    }

    // MARK: - The numbers

    func accumulate(_ sum: PartialSumHeader) {
        guard let payload, sum.loss.isFinite,
            payload.withBytes({ job.kernels.isFinite(payload: $0) })
        else { return doubt(sum) }
        let tally = Tally(examples: sum.examples, correct: sum.correct, loss: sum.loss)
        payload.withBytes { sums.add(TreeNode(sum), tally: tally, payload: $0) }
    }

    func arbitrate(_ slots: Range<Int>, step: Int) {
        let arbiter = arbiter ?? Arbiter(job)
        self.arbiter = arbiter
        // They stay as they are: no update is made before this is decided.
        let parameters = state.parameters
        Task {
            let right = await arbiter.answers(to: slots, step: step, parameters: parameters)
            perform(machine.arbitrated(right, now: now))
        }
    }

    func update() {
        timing.beginUpdate(at: now)
        guard let sum = sums.takeRoot() else {
            preconditionFailure("all slots are covered, so the tree is complete")
        }
        let learningRate = state.learningRate
        guard state.update(sum) else { return abandon(.diverged(step: state.step)) }
        sums.pool.give(sum.gradients)
        clock.count(sum.tally.examples)
        let end = now
        timing.updated(sum.tally, learningRate: learningRate, at: end)
        if let timed = timing.takeStepTiming() { self.report(.timed(timed)) }
        // The record adds up the very frame that goes to the workers, on its own thread.
        let report = state.report(
            sum.tally, learningRate: learningRate, seconds: clock.seconds(at: end),
            weights: StepWeights(sharing: makeBroadcast().frame))
        perform(machine.updated(report, now: end))
    }

    func evaluate() {
        clock.pause(at: now)
        let parameters = state.parameters
        let classes = job.architecture.classes
        evaluating = Task {
            let (tally, detail) = await evaluation.test(parameters, classes: classes)
            evaluated(tally, detail)
        }
    }

    private func evaluated(_ test: Tally, _ detail: TestDetail) {
        guard test.loss.isFinite else { return abandon(.diverged(step: state.step)) }
        var report = EpochReport(
            epoch: state.step / job.plan.stepsPerEpoch, epochs: job.configuration.epochs,
            step: state.step, train: state.epochTally, test: test,
            seconds: clock.seconds(at: now), examplesPerSecond: clock.takeEpochRate())
        report.detail = detail
        lastEpoch = report
        self.report(.epoch(report))
        perform(machine.evaluated(now: now))
    }
}
