import Protocol
import RunEvents

// What follows an update, the checkpoints, and the end.

extension CoordinatorMachine {
    /// The update of the step under way is made.
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
        // First the work, so that the workers compute while the rest is seen to.
        let isDue = settings.checkpointEvery > 0 && step % settings.checkpointEvery == 0
        return beginStepOrPause(now: now) + [.report(.step(report))]
            + (isDue || checkpoints.isOverdue ? checkpoint() : [])
    }

    mutating func beginStepOrPause(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard isBelowMinimum else { return beginStep(now: now) }
        phase = .paused
        return pauseIfTooFew(now: now)
    }

    /// Tests the weights if the run goes on from an epoch's end, whose checkpoint is taken before that.
    mutating func testAtEpochEnd() -> [CoordinatorEffect<Peer>]? {
        guard step > 0, step % plan.stepsPerEpoch == 0 else { return nil }
        phase = .evaluating
        return [.evaluate]
    }

    /// The weights at an epoch's end have been tested.
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

    /// Writes the state, unless it is kept already.
    mutating func checkpoint() -> [CoordinatorEffect<Peer>] {
        checkpoints.due(step) ? [.checkpoint] : []
    }

    /// A signal asks for a checkpoint; training goes on.
    public mutating func requestCheckpoint(_ signal: String) -> [CoordinatorEffect<Peer>] {
        guard !isOver else { return [] }
        let isKept = phase != .rewinding && checkpoints.isKept(step)
        let notice = RunEvent.checkpointRequested(signal: signal, step: step, isKept: isKept)
        guard !isKept else { return [.report(notice)] }
        checkpoints.request()
        guard phase != .rewinding else {
            // Its state is going to be replaced.
            checkpoints.postpone()
            return [.report(notice)]
        }
        return [.report(notice)] + checkpoint()
    }

    /// Whether the checkpoint that has just been written is one that a signal asked for.
    package var isRequestFulfilled: Bool { checkpoints.isRequestFulfilled }

    /// The checkpoint is written: a step that waited for it is made.
    public mutating func checkpointWritten() -> [CoordinatorEffect<Peer>] {
        checkpoints.written()
        return updateIfComplete()
    }

    /// The checkpoint could not be written.
    package mutating func checkpointFailed() { checkpoints.failed() }

    /// Whether a checkpoint is being written.
    var isWriting: Bool { checkpoints.isBusy }

    /// The update that was asked for cannot be made: the record has no room for its step.
    package mutating func recordIsFull() {
        checkpoints.note(recordIsFull: true)
        ledger.reopen()
    }

    /// The record has room.
    package mutating func recordHasRoom() -> [CoordinatorEffect<Peer>] {
        checkpoints.note(recordIsFull: false)
        return updateIfComplete()
    }

    // MARK: - The end

    /// A signal asks to stop; the step under way is finished first, if anybody is computing it.
    public mutating func interrupt(_ signal: Int32, now: Duration) -> [CoordinatorEffect<Peer>] {
        guard !isOver, interruption == nil else { return [] }
        interruption = signal
        switch phase {
        case .stepping where !isStuck, .evaluating, .rewinding: return []
        default: return checkpoint() + finish(.interrupted(signal: signal), now: now)
        }
    }

    /// Something that the run cannot go on without, or end well, has failed; effects that were not
    /// carried out by then are void.
    public mutating func fail(_ outcome: Outcome, now: Duration) -> [CoordinatorEffect<Peer>] {
        checkpoints.cancel()
        return phase == .finished ? [.finish(outcome)] : finish(outcome, now: now)
    }

    /// Tells the workers that the run is over; the run ends once they have gone.
    ///
    /// Where another coordinator goes on, they are told nothing: they dial until it answers.
    ///
    /// A connection that closed right behind the word could take it along: libzmq drops what a
    /// dealer has received but not read when its connection ends.
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

    /// Ends the run if all workers have gone.
    mutating func closeIfEmpty() -> [CoordinatorEffect<Peer>] {
        guard case .ending(let outcome, _) = phase, roster.isEmpty else { return [] }
        phase = .finished
        return [.finish(outcome)]
    }

    /// Ends the run although some have not gone, if they were given time enough.
    mutating func tickWhileEnding(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard case .ending(let outcome, let since) = phase, now - since >= .seconds(3) else {
            return []
        }
        phase = .finished
        return [.finish(outcome)]
    }
}
