import Protocol

// Time: waits and pauses, and their ends.

extension CoordinatorMachine {
    /// Advances the time.
    ///
    /// The caller calls this at least once a second; more frequent calls notice stragglers sooner.
    public mutating func tick(now: Duration) -> [CoordinatorEffect<Peer>] {
        roster.tick(now: now)
        if isOver { return tickWhileEnding(now: now) }
        forgive(now)
        let effects = wait(now)
        if isOver { return effects }
        return effects + expelHung(now: now) + beginWithoutUnready(now: now) + helpLate(now: now)
            + probeStandby(now: now)
    }

    /// Does not count a pause of the coordinator itself as lateness of members.
    ///
    /// A process that was stopped has not seen the messages that arrived meanwhile.
    private mutating func forgive(_ now: Duration) {
        guard let gap = waiting.tick(now) else { return }
        for index in roster.indices { roster[index].forgive(gap, now: now) }
    }

    /// Reports now and then that too few workers are present, and ends the run after the timeout.
    private mutating func wait(_ now: Duration) -> [CoordinatorEffect<Peer>] {
        guard hasBegun || phase == .gathering else { return [] }
        let (here, needed) =
            hasBegun
            ? (roster.readyCount, settings.minimumWorkers)
            : (roster.count, settings.workersToBegin)
        let isBusy = [.evaluating, .rewinding].contains(phase)
        let timeout = hasBegun ? settings.pauseTimeout : settings.joinTimeout
        switch waiting.check(now, timeout: isBusy ? nil : timeout) {
        case .none: return []
        case .remind(let waited):
            let seconds = Int(waited.components.seconds)
            return [.report(.waiting(members: here, needed: needed, seconds: seconds))]
        case .timedOut where hasBegun:
            // A checkpoint keeps the completed steps.
            return checkpoint()
                + finish(.pausedTooLong(members: here, needed: needed), now: now)
        case .timedOut:
            return finish(.tooFewWorkers(members: here, needed: needed), now: now)
        }
    }

    /// Begins a pause if too few workers are left.
    ///
    /// Remaining members get no new requests; answers to earlier ones are still accepted.
    mutating func pauseIfTooFew(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard hasBegun, isBelowMinimum, !waiting.isWaiting else { return [] }
        waiting.begin(now)
        let needed = settings.minimumWorkers
        return [.report(.paused(members: roster.readyCount, needed: needed, step: step))]
    }

    /// Ends a pause if enough members are ready, and assigns the slots that no member computes.
    mutating func goOn(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard hasBegun, !isBelowMinimum else { return [] }
        var effects: [CoordinatorEffect<Peer>] = []
        if waiting.isWaiting {
            waiting.end()
            effects.append(.report(.training(workers: roster.readyCount, fromStep: step)))
        }
        return effects
            + (phase == .paused ? beginStep(now: now) : askForOrphans(now: now).effects)
    }

    /// Ends an interrupted run whose current step no member will finish.
    mutating func endIfStuck(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard let interruption, isStuck else { return [] }
        return checkpoint() + finish(.interrupted(signal: interruption), now: now)
    }

    /// Whether the current step needs slots that cannot be assigned during a pause.
    var isStuck: Bool { phase == .stepping && isBelowMinimum && !orphans.isEmpty }
}

extension Duration {
    /// The duration in seconds and tenths, for people.
    var text: String {
        let tenths = Int((self / .milliseconds(100)).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
