import Protocol

// What time brings: waits and pauses, and their ends.

extension CoordinatorMachine {
    /// Time has passed.
    ///
    /// To be called at least once a second, and more often the sooner what is late is to be noticed.
    public mutating func tick(now: Duration) -> [CoordinatorEffect<Peer>] {
        roster.tick(now: now)
        if isOver { return tickWhileEnding(now: now) }
        forgive(now)
        let effects = wait(now)
        if isOver { return effects }
        return effects + expelHung(now: now) + beginWithoutUnready(now: now) + helpLate(now: now)
            + probeStandby(now: now)
    }

    /// A coordinator that itself stood still, such as a stopped process, has not seen what came
    /// meanwhile: nobody is late for that time.
    private mutating func forgive(_ now: Duration) {
        guard let gap = waiting.tick(now) else { return }
        for index in roster.indices { roster[index].forgive(gap, now: now) }
    }

    /// Says now and then that too few workers are here, and gives up after the timeout.
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
            // Whoever has steps behind him keeps them.
            return checkpoint()
                + finish(.pausedTooLong(members: here, needed: needed), now: now)
        case .timedOut:
            return finish(.tooFewWorkers(members: here, needed: needed), now: now)
        }
    }

    /// Begins a pause if too few are left to go on.
    ///
    /// Nothing more is asked of those who remain; what they were asked for before is still taken.
    mutating func pauseIfTooFew(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard hasBegun, isBelowMinimum, !waiting.isWaiting else { return [] }
        waiting.begin(now)
        let needed = settings.minimumWorkers
        return [.report(.paused(members: roster.readyCount, needed: needed, step: step))]
    }

    /// Ends a pause if enough have become ready, and asks for what nobody computes.
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

    /// Ends a run that was asked to stop after a step which nobody will finish.
    mutating func endIfStuck(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard let interruption, isStuck else { return [] }
        return checkpoint() + finish(.interrupted(signal: interruption), now: now)
    }

    /// Whether the step under way lacks what may not be asked for in a pause.
    var isStuck: Bool { phase == .stepping && isBelowMinimum && !orphans.isEmpty }
}

extension Duration {
    /// The duration in seconds and tenths, for people.
    var text: String {
        let tenths = Int((self / .milliseconds(100)).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
