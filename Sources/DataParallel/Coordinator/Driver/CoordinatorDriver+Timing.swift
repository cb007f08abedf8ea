import Protocol

// Timing: what messages reveal about it, and the report each second.

extension CoordinatorDriver {
    /// Records what a message reveals about its sender's time, after the machine has handled it.
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

    /// Reports the traced steps that have ended.
    func reportTraces() {
        for trace in timing.takeTraces() { report(.traced(trace)) }
    }

    /// Reports how the time since the last report was spent, if it contains steps.
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
