import Protocol
import RunEvents

// What follows an update, checkpoints, and the end of the run.

extension CoordinatorMachine {
    /// Continues after the current step's update.
    public mutating func updated(
        _ report: StepReport, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        ledger.advance()
        if step % plan.stepsPerEpoch == 0 {
            phase = .evaluating
            return [.report(.step(report))] + checkpoint() + [.evaluate]
        }
        if let interruption {
            return [.report(.step(report))] + checkpoint()
                + finish(.interrupted(signal: interruption), now: now)
        }
        // Send the work first, so that the workers compute during the rest.
        let isDue = settings.checkpointEvery > 0 && step % settings.checkpointEvery == 0
        return beginStepOrPause(now: now) + [.report(.step(report))]
            + (isDue || checkpoints.isOverdue ? checkpoint() : [])
    }

    mutating func beginStepOrPause(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard isBelowMinimum else { return beginStep(now: now) }
        phase = .paused
        return pauseIfTooFew(now: now)
    }

    /// Tests the weights if the run resumes at an epoch's end, because its checkpoint is written before the
    /// test.
    mutating func testAtEpochEnd() -> [CoordinatorEffect<Peer>]? {
        guard step > 0, step % plan.stepsPerEpoch == 0 else { return nil }
        phase = .evaluating
        return [.evaluate]
    }

    /// Continues after the test at an epoch's end.
    public mutating func evaluated(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard phase == .evaluating else { return [] }
        if step >= totalSteps { return finish(.completed, now: now) }
        if let interruption { return finish(.interrupted(signal: interruption), now: now) }
        guard hasBegun else {
            phase = .gathering
            return assignData(now: now)
        }
        return beginStepOrPause(now: now)
    }

    // MARK: - Checkpoints

    /// Writes a checkpoint, unless the state is already on disk.
    mutating func checkpoint() -> [CoordinatorEffect<Peer>] {
        checkpoints.due(step) ? [.checkpoint] : []
    }

    /// Handles a signal that requests a checkpoint; training continues.
    public mutating func requestCheckpoint(_ signal: String) -> [CoordinatorEffect<Peer>] {
        guard !isOver else { return [] }
        let isKept = phase != .rewinding && checkpoints.isKept(step)
        let notice = RunEvent.checkpointRequested(signal: signal, step: step, isKept: isKept)
        guard !isKept else { return [.report(notice)] }
        checkpoints.request()
        guard phase != .rewinding else {
            // The current state is about to be replaced.
            checkpoints.postpone()
            return [.report(notice)]
        }
        return [.report(notice)] + checkpoint()
    }

    /// Whether the checkpoint just written fulfils a signal's request.
    package var isRequestFulfilled: Bool { checkpoints.isRequestFulfilled }

    /// Handles a written checkpoint; makes the update that waited for it.
    public mutating func checkpointWritten() -> [CoordinatorEffect<Peer>] {
        checkpoints.written()
        return updateIfComplete()
    }

    /// Handles a checkpoint that could not be written.
    package mutating func checkpointFailed() { checkpoints.failed() }

    /// Reopens the step, because the record has no room for it.
    package mutating func recordIsFull() {
        checkpoints.note(recordIsFull: true)
        ledger.reopen()
    }

    /// Handles room in the record; makes the update that waited for it.
    package mutating func recordHasRoom() -> [CoordinatorEffect<Peer>] {
        checkpoints.note(recordIsFull: false)
        return updateIfComplete()
    }

    // MARK: - The end

    /// Handles a signal to stop; the current step is finished first, if members are computing it.
    public mutating func interrupt(_ signal: Int32, now: Duration) -> [CoordinatorEffect<Peer>] {
        guard !isOver, interruption == nil else { return [] }
        interruption = signal
        switch phase {
        case .stepping where !isStuck, .evaluating, .rewinding: return []
        default: return checkpoint() + finish(.interrupted(signal: signal), now: now)
        }
    }

    /// Ends the run after a failure that keeps it from continuing or ending cleanly; pending effects are void.
    public mutating func fail(_ outcome: Outcome, now: Duration) -> [CoordinatorEffect<Peer>] {
        checkpoints.cancel()
        return phase == .finished ? [.finish(outcome)] : finish(outcome, now: now)
    }

    /// Tells the workers to stop; the run ends once they have left.
    ///
    /// If another coordinator takes over, they are not told, and reconnect until it answers.
    ///
    /// Connections stay open until then, because libzmq drops what a dealer has received but not read when its
    /// connection closes: closing right after the message could lose it.
    mutating func finish(_ outcome: Outcome, now: Duration) -> [CoordinatorEffect<Peer>] {
        guard outcome.isFinal || !settings.hasSuccessor else {
            phase = .finished
            return [.finish(outcome)]
        }
        let notice = Notice(reason: outcome == .completed ? "the run is complete" : "the run ends")
        phase = .ending(outcome, since: now)
        return roster.all.map { .send(.stop(notice), to: $0.peer) }
            + roster.expelled.map { .send(.stop(notice), to: $0) } + closeIfEmpty()
    }

    /// Ends the run if all workers have left.
    mutating func closeIfEmpty() -> [CoordinatorEffect<Peer>] {
        guard case .ending(let outcome, _) = phase, roster.isEmpty else { return [] }
        phase = .finished
        return [.finish(outcome)]
    }

    /// Ends the run without waiting longer for the remaining workers, once their time is up.
    mutating func tickWhileEnding(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard case .ending(let outcome, let since) = phase, now - since >= .seconds(3) else {
            return []
        }
        phase = .finished
        return [.finish(outcome)]
    }
}
