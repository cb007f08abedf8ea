import Protocol

// Where the time goes: what messages tell of it, and the report of each second.

extension CoordinatorDriver {
    /// Notes what a message that the machine has dealt with tells of its sender's time.
    func note(_ message: WorkerMessage, from peer: World.Peer, at arrival: Duration) {
        switch message {
        case .partialSum(let sum) where sum.step == state.step && sum.attempt == machine.attempt:
            timing.answer(peer, sum.timing, isLast: !machine.owes(peer), at: arrival)
            guard timing.isTracing, let work = sum.timing else { return }
            timing.trace(work, of: peer, at: arrival)
        case .status(let status):
            guard let clock = status.clock else { return }
            timing.answerPing(peer, clock: .seconds(clock), at: arrival)
        default: break
        }
    }

    /// Tells of the traced steps that have ended.
    func reportTraces() {
        for trace in timing.takeTraces() { report(.traced(trace)) }
    }

    /// Tells where the time since the last report went, if steps were made in it.
    package func reportTiming() {
        let now = world.now
        for (peer, count) in machine.confirmedSums { timing.confirm(count, of: peer) }
        let report = timing.report(
            at: now, members: Set(machine.members.map(\.peer)), seconds: clock.seconds(at: now),
            epoch: min(state.step / job.plan.stepsPerEpoch + 1, job.configuration.epochs),
            step: state.step)
        if let report { self.report(.timing(report)) }
    }
}
