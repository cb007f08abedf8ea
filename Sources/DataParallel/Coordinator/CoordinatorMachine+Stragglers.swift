import Protocol
import Training

// Those who are late: helped out by idle members, and given up when it takes too long.

extension CoordinatorMachine {
    /// Gives up the members that have not brought their work forward for far too long.
    mutating func giveUpHung(now: Duration) -> [CoordinatorEffect<Peer>] {
        let hung = members.filter { member in
            let isFetching = !member.isReady && (hasBegun || phase == .distributing)
            let isExpected = !member.owed.isEmpty || isFetching
            let limit = member.owed.isEmpty ? settings.answerTimeout : answerTimeout
            return isExpected && now - member.progressAt > limit
        }
        return giveUp(
            hung.map { member in
                let waited = (now - member.progressAt).text
                return (member.peer, "no answer for \(waited), \(state(of: member, now: now))")
            }, now: now)
    }

    /// How long an answer may take: ten times the longest of late, but no less than the setting; and no
    /// more than a hundred times the usual, lest one that is late again and again gets ever more time.
    ///
    /// As long as there was none at all to learn from, nobody knows how long a step takes.
    private var answerTimeout: Duration {
        guard let longest = answerTimes.longest, let usual = answerTimes.usual else {
            return settings.answerTimeout * 10
        }
        return max(settings.answerTimeout, min(longest * 10, usual * 100))
    }

    /// How long an answer may take before it is late; nil where there was none to learn from.
    var lateAfter: Duration? { answerTimes.usual.map { max(.milliseconds(100), $0 * 4) } }

    /// Asks idle members for what others are late with.
    mutating func helpLate(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard phase == .training, !isBelowMinimum, let limit = lateAfter else { return [] }
        var effects: [CoordinatorEffect<Peer>] = []
        var late: [Int] = []
        for index in members.indices {
            let member = members[index]
            let lateness = now - member.askedAt
            guard let owed = member.owed(to: step), !owed.isEmpty, lateness > limit / 2 else {
                continue
            }
            if member.probedAt < member.askedAt {
                members[index].probedAt = now
                members[index].demands.ping()
                effects.append(.send(.ping, to: member.peer))
            }
            if lateness > limit, !member.isOnStandby { late.append(index) }
        }
        guard !late.isEmpty else { return effects }
        releaseAudits(of: Set(late.map { members[$0].peer }))
        return effects + help(late, now: now) + askAuditors(now: now)
    }

    private mutating func help(_ late: [Int], now: Duration) -> [CoordinatorEffect<Peer>] {
        // What two compute already is not asked of a third.
        var (once, twice) = (SlotSet(limit: plan.shards), SlotSet(limit: plan.shards))
        for member in members where !member.isOnStandby {
            guard let owed = member.owed(to: step) else { continue }
            twice.formUnion(once.intersection(owed))
            once.formUnion(owed)
        }
        var alone = late.reduce(into: SlotSet(limit: plan.shards)) {
            $0.formUnion(members[$1].owed)
        }
        alone.subtract(twice)
        alone.subtract(covered)
        let idle = active(where: \.isIdle)
        let (effects, helpers) = askAround(for: alone, among: idle, now: now)
        return effects + late.compactMap { tellLate($0, alone, helpers, now: now) }
    }

    /// Tells that a member is late, and who computes what it owes.
    private mutating func tellLate(
        _ index: Int, _ alone: SlotSet, _ helpers: [Helper], now: Duration
    ) -> CoordinatorEffect<Peer>? {
        let member = members[index]
        let late = member.owed.subtracting(covered)
        let names = helpers.filter { $0.slots.intersects(late) }.map(\.name)
        // Without help there is nothing to tell, unless it takes so long that somebody will wonder.
        guard !late.isEmpty, !member.isToldLate,
            !names.isEmpty || now - member.askedAt > .seconds(5)
        else { return nil }
        members[index].isToldLate = true
        members[index].timesLate += 1
        let owed = owedWork(
            names.isEmpty ? late : alone.intersection(late), since: member.askedAt, helpers: names,
            now: now)
        return .report(
            .late(
                worker: member.name, state: state(of: member, now: now), owed,
                times: members[index].timesLate))
    }

    /// What a member was last known to do.
    private func state(of member: Member, now: Duration) -> String {
        guard let (status, at) = member.status, member.heardAt >= member.probedAt,
            at >= member.askedAt
        else { return "silent for \((now - member.heardAt).text)" }
        let time = (.seconds(status.seconds) + (now - at)).text
        switch status.phase {
        case .idle: return "idle for \(time)"
        case .fetching: return "fetching data for \(time)"
        case .computing: return "computing step \((status.step ?? step) + 1) for \(time)"
        }
    }

    /// What the log tells of slots that the step under way has waited for.
    func owedWork(
        _ slots: SlotSet, since start: Duration, helpers: [String], now: Duration
    ) -> OwedWork {
        OwedWork(
            step: step + 1, shards: shards(slots), seconds: (now - start) / .seconds(1),
            helpers: helpers)
    }
}
