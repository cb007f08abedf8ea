import Glibc
import Keys
import Protocol
import Training
import ZeroMQ

// What arrives, what is sent, and what happens to the numbers in between.

extension Coordinator {
    // MARK: - Events

    func receive() {
        let members = membersInFlood
        // Not without end: timers and signals must have their turn in a flood of messages.
        for _ in 0..<64 {
            guard let received = nextMessage(of: members) else { return }
            switch received {
            case .message(let message):
                guard let sender = message.sender else { continue }
                let (isAllowed, caller) = isAllowed(message.user, sender)
                guard isAllowed else { continue }
                do throws(ProtocolError) {
                    try receive(message, from: sender, caller)
                } catch .otherVersion(let version) {
                    refuse(sender, .otherVersion(version))
                } catch {
                    perform([machine.drop(sender, "\(error)")])
                }
            case .oversized(let sender, _, let bytes):
                if let sender {
                    perform([machine.drop(sender, "a message of \(bytes) bytes, over the limit")])
                }
            }
            payload = nil
            // One message seldom comes alone: the other workers answer too, or soon answer to this.
            thread.expectWork()
        }
        turnsWithoutEnd += 1
    }

    private func receive(
        _ message: Message, from sender: PeerIdentity, _ caller: AllowedWorker?
    ) throws(ProtocolError) {
        let header = message.frames[0].bytes
        let (decoded, run) = try WorkerMessage.decode(
            header, payloadFrames: message.frames.count - 1)
        payload = message.frames.dropFirst().first
        payloadSender = sender
        switch decoded {
        case .hello: break
        case _ where run != self.run: throw .otherRun(run)
        case .partialSum(let sum):
            guard let payload, payload.count == 4 * state.parameters.count,
                payload.checksum == sum.checksum
            else { throw .wrongPayload("gradients with a wrong size or checksum") }
        default: break
        }
        let address = message.frames[0].peerAddress
        perform(
            machine.receive(
                decoded, digest: payloadDigest, from: sender, caller: caller, address: address,
                now: now))
    }

    /// The digest of the payload at hand; that of no bytes where there is none.
    func payloadDigest() -> PayloadDigest {
        guard let payload else {
            return PayloadDigest(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        return payload.withBytes { bytes in bytes.withUnsafeBytes { PayloadDigest($0) } }
    }

    private func refuse(_ peer: PeerIdentity, _ error: ProtocolError) {
        refusals += 1
        if isWorthTelling(refusals) {
            report(.refused(peer: "peer \(peer)", reason: "\(error)"))
        }
        let reason = "this worker cannot be understood: \(error)"
        send(.refuse(Notice(reason: reason)), to: peer)
    }

    func handle(_ event: MonitorEvent) {
        if event.kind == .handshakeFailed { turnedAway(event.detail ?? "no handshake") }
        // It does not say whose connection ended, so all are asked. It may come before the socket
        // knows, and the word still leave for nowhere: hence the same again for a little while.
        guard event.kind == .disconnected else { return }
        let isProbing = lastDisconnection != nil
        lastDisconnection = now
        // A thousand connections that end at once are one reason to ask, not a thousand.
        if !isProbing { thread.schedule(after: .zero) { self.assumeIsolated { $0.probeAgain() } } }
    }

    private func turnedAway(_ reason: String) {
        strangers[reason, default: 0] += 1
        let count = strangers[reason, default: 0]
        guard isWorthTelling(count) else { return }
        report(.refused(peer: "a connection", reason: "\(reason) (\(count) so far)"))
    }

    private func probeAgain() {
        guard let lastDisconnection else { return }
        probe()
        if now - lastDisconnection > .milliseconds(200) {
            self.lastDisconnection = nil
        } else {
            thread.schedule(after: .milliseconds(20)) { self.assumeIsolated { $0.probeAgain() } }
        }
    }

    /// Sends a word to every member; one that cannot be reached is gone.
    func probe() {
        // This makes libzmq look at its connections.
        receive()
        perform(machine.probes)
    }

    func handle(_ request: SignalRequest, endAtOnce: (Int32) -> Never) {
        switch request {
        case .stop(let signal):
            if !machine.isInterrupted { report(.stopping(signal: signalName(signal))) }
            perform(machine.interrupt(signal, now: now))
        case .stopAtOnce(let signal): endAtOnce(signal)
        case .checkpoint(let signal): perform(machine.requestCheckpoint(signalName(signal)))
        }
    }

    // MARK: - Sending

    func sendWeights(_ ranges: SlotRanges, to peer: PeerIdentity) {
        let (frame, checksum) = broadcast ?? makeBroadcast()
        let work = WorkHeader(
            step: state.step, attempt: machine.attempt, ranges: ranges, checksum: checksum)
        send([Frame(CoordinatorMessage.weights(work).header(run: run)), frame], to: peer)
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
        guard let sum = sums.takeRoot() else {
            preconditionFailure("all slots are covered, so the tree is complete")
        }
        let learningRate = state.learningRate
        guard state.update(sum) else { return abandon(.diverged(step: state.step)) }
        sums.pool.give(sum.gradients)
        clock.count(sum.tally.examples)
        // The record adds up the very frame that goes to the workers, on its own thread.
        let report = state.report(
            sum.tally, learningRate: learningRate, seconds: clock.seconds(at: now),
            weights: StepWeights(sharing: makeBroadcast().frame))
        perform(machine.updated(report, now: now))
    }

    func evaluate() {
        clock.pause(at: now)
        let parameters = state.parameters
        evaluating = Task { evaluated(await evaluation.evaluate(parameters)) }
    }

    private func evaluated(_ test: Tally) {
        guard test.loss.isFinite else { return abandon(.diverged(step: state.step)) }
        let report = EpochReport(
            epoch: state.step / job.plan.stepsPerEpoch, epochs: job.configuration.epochs,
            step: state.step, train: state.epochTally, test: test,
            seconds: clock.seconds(at: now), examplesPerSecond: clock.takeEpochRate())
        lastEpoch = report
        self.report(.epoch(report))
        perform(machine.evaluated(now: now))
    }
}
