import Protocol
import Training

// What time brings: waits and pauses, and their ends.

extension CoordinatorMachine {
    /// Time has passed.
    ///
    /// To be called at least once a second, and more often the sooner what is late is to be noticed.
    public mutating func tick(now: Duration) -> [CoordinatorEffect<Peer>] {
        admission.tick(now: now)
        if isOver { return tickWhileEnding(now: now) }
        forgive(now)
        let effects = wait(now)
        if isOver { return effects }
        return effects + giveUpHung(now: now) + beginWithoutUnready(now: now) + helpLate(now: now)
            + probeStandby(now: now)
    }

    /// A coordinator that itself stood still, such as a stopped process, has not seen what came
    /// meanwhile: nobody is late for that time.
    private mutating func forgive(_ now: Duration) {
        let gap = now - lastTick
        lastTick = now
        guard gap > .seconds(1) else { return }
        for index in members.indices {
            members[index].askedAt = min(now, members[index].askedAt + gap)
            members[index].progressAt = min(now, members[index].progressAt + gap)
            members[index].heardAt = min(now, members[index].heardAt + gap)
        }
    }

    mutating func startWaiting(_ now: Duration) {
        waitingSince = now
        lastNotice = now
    }

    /// Says now and then that too few workers are here, and gives up after the timeout.
    private mutating func wait(_ now: Duration) -> [CoordinatorEffect<Peer>] {
        guard let waitingSince, hasBegun || phase == .gathering else { return [] }
        let waited = now - waitingSince
        let (here, needed) =
            hasBegun
            ? (readyCount, settings.minimumWorkers) : (members.count, settings.workersToBegin)
        if let timeout = hasBegun ? settings.pauseTimeout : settings.joinTimeout,
            waited >= timeout, ![.closingEpoch, .evaluating, .rewinding].contains(phase)
        {
            return hasBegun
                // Whoever has steps behind him keeps them.
                ? checkpoint() + finish(.pausedTooLong(members: here, needed: needed), now: now)
                : finish(.tooFewWorkers(members: here, needed: needed), now: now)
        }
        guard now - lastNotice >= .seconds(5) else { return [] }
        lastNotice = now
        let seconds = Int(waited.components.seconds)
        return [.report(.waiting(members: here, needed: needed, seconds: seconds))]
    }

    /// Begins a pause if too few are left to go on.
    ///
    /// Nothing more is asked of those who remain; what they were asked for before is still taken.
    mutating func pauseIfTooFew(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard hasBegun, isBelowMinimum, waitingSince == nil else { return [] }
        startWaiting(now)
        let needed = settings.minimumWorkers
        return [.report(.paused(members: readyCount, needed: needed, step: step))]
    }

    /// Ends a pause if enough have become ready, and asks for what nobody computes.
    mutating func goOn(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard hasBegun, !isBelowMinimum else { return [] }
        var effects: [CoordinatorEffect<Peer>] = []
        if waitingSince != nil {
            waitingSince = nil
            effects.append(.report(.training(workers: readyCount, fromStep: step)))
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
    var isStuck: Bool { phase == .training && isBelowMinimum && !orphans.isEmpty }
}

extension Duration {
    /// The duration in seconds and tenths, for people.
    var text: String {
        let tenths = Int((self / .milliseconds(100)).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
