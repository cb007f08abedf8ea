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
        return hung.flatMap { member in
            let waited = (now - member.progressAt).text
            let reason = "no answer for \(waited), \(state(of: member, now: now))"
            return giveUp(member.peer, reason: reason, now: now)
        }
    }

    /// How long an answer may take: ten times the longest of late, but no less than the setting.
    ///
    /// As long as there was none at all to learn from, nobody knows how long a step takes.
    private var answerTimeout: Duration {
        guard let longest = answerTimes.longest else { return settings.answerTimeout * 10 }
        return max(settings.answerTimeout, longest * 10)
    }

    /// How long an answer may take before it is late; nil where there was none to learn from.
    var lateAfter: Duration? { answerTimes.usual.map { max(.milliseconds(100), $0 * 4) } }

    /// Asks idle members for what others are late with.
    mutating func helpLate(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard phase == .training, !isBelowMinimum, let limit = lateAfter else { return [] }
        var effects: [CoordinatorEffect<Peer>] = []
        for index in members.indices {
            let member = members[index]
            let lateness = now - member.askedAt
            guard let owed = member.owed(to: step), !owed.isEmpty, lateness > limit / 2 else {
                continue
            }
            if member.probedAt < member.askedAt {
                members[index].probedAt = now
                effects.append(.send(.ping, to: member.peer))
            }
            if lateness > limit { effects += help(index, owed.subtracting(covered), now: now) }
        }
        return effects
    }

    private mutating func help(
        _ index: Int, _ late: SlotSet, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        guard !late.isEmpty else { return [] }
        let member = members[index]
        var alone = late
        for other in members.indices where other != index {
            if let owed = members[other].owed(to: step) { alone.subtract(owed) }
        }
        let idle = members.indices.filter { members[$0].isIdle }
        let (effects, helpers) = askAround(for: alone, among: idle, now: now)
        // Without help there is nothing to tell, unless it takes so long that somebody will wonder.
        guard !member.isToldLate, !helpers.isEmpty || now - member.askedAt > .seconds(5) else {
            return effects
        }
        members[index].isToldLate = true
        members[index].timesLate += 1
        let owed = owedWork(
            helpers.isEmpty ? late : alone, since: member.askedAt, helpers: helpers, now: now)
        return effects + [
            .report(
                .late(
                    worker: member.name, state: state(of: member, now: now), owed,
                    times: members[index].timesLate))
        ]
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
