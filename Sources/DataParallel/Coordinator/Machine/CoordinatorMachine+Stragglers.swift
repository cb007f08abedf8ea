import Protocol
import RunEvents

// Stragglers: idle members compute what late ones owe, and members that time out are dropped.

extension CoordinatorMachine {
    /// Drops the members whose progress timed out.
    mutating func expelHung(now: Duration) -> [CoordinatorEffect<Peer>] {
        let timeout = answerTimes.timeout(atLeast: settings.answerTimeout)
        let least = min(timeout, settings.answerTimeout)
        var hung: [Member<Peer>] = []
        for index in roster.indices where now - roster[index].progressAt > least {
            let member = roster[index]
            let isFetching = !member.isReady && (hasBegun || phase == .distributing)
            let isExpected = !member.requests.owed.isEmpty || isFetching
            let limit = member.requests.owed.isEmpty ? settings.answerTimeout : timeout
            if isExpected, now - member.progressAt > limit { hung.append(member) }
        }
        if hung.contains(where: { !$0.requests.owed.isEmpty }) { answerTimes.noteTimeout() }
        return expel(
            hung.map { member in
                let waited = (now - member.progressAt).text
                return (member.peer, "no answer for \(waited), \(state(of: member, now: now))")
            }, now: now)
    }

    /// Asks idle members for the slots of late ones.
    mutating func helpLate(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard phase == .stepping, !isBelowMinimum, let limit = answerTimes.lateAfter else {
            return []
        }
        var effects: [CoordinatorEffect<Peer>] = []
        var late: [Int] = []
        for index in roster.indices {
            let lateness = now - roster[index].requests.askedAt
            guard lateness > limit / 2, let owed = roster[index].requests.owed(to: step),
                !owed.isEmpty
            else { continue }
            let member = roster[index]
            if member.lateness.probedAt < member.requests.askedAt {
                roster[index].lateness.probedAt = now
                roster[index].demands.ping()
                effects.append(.send(.ping, to: member.peer))
            }
            if lateness > limit, !member.isOnStandby { late.append(index) }
        }
        guard !late.isEmpty else { return effects }
        audits.release(Set(late.map { roster[$0].peer }))
        return effects + help(late, now: now) + askAuditors(now: now)
    }

    private mutating func help(_ late: [Int], now: Duration) -> [CoordinatorEffect<Peer>] {
        // Slots that two members compute are not assigned to a third.
        var (once, twice) = (SlotSet(), SlotSet())
        for member in roster.all where !member.isOnStandby {
            guard let owed = member.requests.owed(to: step) else { continue }
            twice.formUnion(once.intersection(owed))
            once.formUnion(owed)
        }
        var alone = late.reduce(into: SlotSet()) {
            $0.formUnion(roster[$1].requests.owed)
        }
        alone.subtract(twice)
        alone.formIntersection(ledger.missing)
        let idle = roster.active(where: \.isIdle)
        let (effects, helpers) = askAround(for: alone, among: idle, now: now)
        return effects + late.compactMap { tellLate($0, alone, helpers, now: now) }
    }

    /// Reports that a member is late, and which members compute what it owes.
    private mutating func tellLate(
        _ index: Int, _ alone: SlotSet, _ helpers: [Helper], now: Duration
    ) -> CoordinatorEffect<Peer>? {
        let member = roster[index]
        let late = member.requests.owed.intersection(ledger.missing)
        let names = helpers.filter { $0.slots.intersects(late) }.map(\.name)
        // Without helpers, report it only once the wait is long enough to be noticed.
        guard !late.isEmpty, !member.lateness.isTold,
            !names.isEmpty || now - member.requests.askedAt > .seconds(5)
        else { return nil }
        roster[index].lateness.isTold = true
        roster[index].lateness.times += 1
        let owed = owedWork(
            names.isEmpty ? late : alone.intersection(late), since: member.requests.askedAt,
            helpers: names,
            now: now)
        return .report(
            .late(
                worker: member.name, state: state(of: member, now: now), owed,
                times: roster[index].lateness.times))
    }

    /// A member's last known activity.
    private func state(of member: Member<Peer>, now: Duration) -> String {
        guard let (status, at) = member.status, member.heardAt >= member.lateness.probedAt,
            at >= member.requests.askedAt
        else { return "silent for \((now - member.heardAt).text)" }
        let time = (.seconds(status.seconds) + (now - at)).text
        switch status.phase {
        case .idle: return "idle for \(time)"
        case .fetching: return "fetching data for \(time)"
        case .computing: return "computing step \((status.step ?? step) + 1) for \(time)"
        }
    }

    /// The log's description of slots for which the current step has waited.
    func owedWork(
        _ slots: SlotSet, since start: Duration, helpers: [String], now: Duration
    ) -> OwedWork {
        OwedWork(
            step: step + 1, shards: shards(slots), seconds: (now - start) / .seconds(1),
            helpers: helpers)
    }
}
