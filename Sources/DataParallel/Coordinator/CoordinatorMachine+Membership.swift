import Keys
import Protocol
import Training

// Who takes part: joining, getting data, leaving.

extension CoordinatorMachine {
    /// A message of this run has come from a peer.
    ///
    /// - Parameters:
    ///   - digest: computes the digest of the payload behind a sum; called only where it is compared.
    ///   - caller: whose credential the peer has proved to hold, if it needs one.
    ///   - address: where the peer dials from, if the transport knows; found out only where it is told.
    package mutating func receive(
        _ message: WorkerMessage, digest: () -> PayloadDigest, from peer: Peer,
        caller: AllowedWorker? = nil, address: @autoclosure () -> String? = nil, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        if isOver { return leaveAtTheEnd(message, peer, now: now) }
        if case .hello(let hello) = message {
            return join(peer, caller, hello, address: address(), now: now)
        }
        guard let index = index(of: peer) else {
            if givenUp.contains(peer) { return [] }
            return [drop(peer, "a message from a peer that has not joined", address: address())]
        }
        // A peer may claim the routing id of one that has gone, before that is noticed.
        guard members[index].caller == caller else {
            return [drop(peer, "a message with another worker's credential", cost: 0)]
        }
        members[index].heardAt = now
        switch message {
        case .hello: return []
        case .ready(let ranges): return ready(index, ranges, now: now)
        case .fetch(let fetch): return give(fetch, to: index, now: now)
        case .partialSum(let sum): return accept(sum, digest, from: index, now: now)
        case .status(let status):
            members[index].status = (status, at: now)
            return []
        case .leave(let notice):
            return lose(peer, reason: notice.reason, now: now)
        }
    }

    private mutating func leaveAtTheEnd(
        _ message: WorkerMessage, _ peer: Peer, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        switch message {
        case .leave:
            members.removeAll { $0.peer == peer }
            return closeIfEmpty()
        // One that was given up and comes back now.
        case .hello: return [.send(.stop(Notice(reason: "the run ends")), to: peer)]
        default: return []
        }
    }

    private mutating func join(
        _ peer: Peer, _ caller: AllowedWorker?, _ hello: Hello, address: String?, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        guard index(of: peer) == nil else { return [] }
        if let caller, !caller.isShared, members.contains(where: { $0.caller == caller }) {
            let reason = "a hello of a second worker with the credential \(caller.name)"
            return [drop(peer, reason, address: address)]
        }
        if let reason = admission.refusal(members: members.count) {
            return [drop(peer, reason, address: address)]
        }
        givenUp.removeAll { $0 == peer }
        connections += 1
        let identity = WorkerIdentity(caller, hello, connection: connections)
        let name = names.name(hello, caller?.name, identity, taken: Set(members.map(\.name)))
        if let reason = known.ban(of: identity) {
            return [
                .report(.refused(peer: name, reason: reason)),
                .send(.refuse(Notice(reason: reason)), to: peer),
            ]
        }
        known.join(identity)
        var member = Member(peer, caller, identity, name: name, limit: plan.shards, now: now)
        // One that was too slow, and comes anew, is tried before it keeps others waiting.
        let times = known.timesOnStandby(identity)
        if times > 0, hasBegun { member.standby = Standby(times: times, now: now) }
        members.append(member)
        mostWorkers = max(mostWorkers, members.count)
        let description = WorkerDescription(
            name: name, address: address, lanes: hello.lanes, kernels: hello.kernels)
        let effects: [CoordinatorEffect<Peer>] = [
            .report(.joined(description, members: members.count)),
            .send(.welcome(settings.welcome), to: peer),
        ]
        return effects + assignData(now: now)
    }

    /// Asks members to get the data of what the next deal will give them.
    ///
    /// Before training begins, all wait until all have theirs. Later, those who take part already go
    /// on meanwhile, and what a deal gives them they fetch when they are asked to compute it.
    mutating func assignData(now: Duration) -> [CoordinatorEffect<Peer>] {
        if phase == .gathering, members.count >= settings.workersToBegin {
            phase = .distributing
            distributingSince = distributingSince ?? now
        }
        let isBeginning = phase == .distributing
        guard isBeginning || hasBegun else { return [] }
        let shares = deal(plan.shards, to: members.map { Stake(share: $0.share, held: $0.held) })
        let effects = members.indices.flatMap { index in
            isBeginning || !members[index].isReady
                ? assign(index, shares[index], now: now) : []
        }
        return effects + beginIfReady(now: now)
    }

    private mutating func assign(
        _ index: Int, _ slots: SlotSet, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        let missing = slots.subtracting(members[index].assigned)
        let isFirst = members[index].assigned.isEmpty && !members[index].isReady
        guard isFirst || !missing.isEmpty else { return [] }
        // What it lacks beside that it is told once it has all this.
        guard !members[index].isFetching else {
            members[index].isAssignmentStale = true
            return []
        }
        members[index].assigned.formUnion(slots)
        members[index].entitled.formUnion(missing)
        members[index].isReady = false
        members[index].isFetching = true
        members[index].demands.assign()
        members[index].progressAt = now
        return [.send(.assign(SlotRanges(missing.runs)), to: members[index].peer)]
    }

    private mutating func ready(
        _ index: Int, _ ranges: SlotRanges, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        // What was never assigned means nothing.
        guard let slots = ranges.slots(of: plan.shards),
            slots.allSatisfy({ members[index].assigned.contains($0) })
        else { return [] }
        let before = members[index].held
        for range in slots { members[index].held.insert(range) }
        // To say it again brings nothing forward.
        if members[index].held != before { members[index].progressAt = now }
        guard members[index].isFetching,
            members[index].held.isSuperset(of: members[index].assigned)
        else { return [] }
        members[index].isFetching = false
        let effects = members[index].isAssignmentStale ? assignMore(index, now: now) : []
        if members[index].isFetching { return effects }
        members[index].isReady = true
        isDealStale = true
        return effects + beginIfReady(now: now) + goOn(now: now)
    }

    /// Tells a member that has its data what it was not told while it got them.
    private mutating func assignMore(_ index: Int, now: Duration) -> [CoordinatorEffect<Peer>] {
        members[index].isAssignmentStale = false
        return assignData(now: now)
    }

    /// A worker is gone: what it owed is asked of others in the same step.
    public mutating func lose(
        _ peer: Peer, reason: String, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        lose([(peer, reason)], now: now)
    }

    private mutating func lose(
        _ gone: [(peer: Peer, reason: String)], now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        var departures: [(member: Member, reason: String, left: Int)] = []
        for (peer, reason) in gone {
            givenUp.removeAll { $0 == peer }
            guard let index = index(of: peer) else { continue }
            let member = members.remove(at: index)
            known.leave(member.identity)
            departures.append((member, reason, members.count))
        }
        guard !departures.isEmpty else { return [] }
        if isOver { return closeIfEmpty() }
        isDealStale = true
        endStandbyIfAlone()
        releaseAudits(of: Set(gone.map { $0.peer }))
        let (effects, helpers) = askForOrphans(now: now)
        let reports = departures.map { member, reason, left in
            report(departure: member, reason, left: left, helpers, now: now)
        }
        return effects + askAuditors(now: now) + reports + updateIfComplete() + regroup(now: now)
    }

    /// Tells that a member is gone, and who computes what it owed.
    private func report(
        departure member: Member, _ reason: String, left: Int, _ helpers: [Helper], now: Duration
    ) -> CoordinatorEffect<Peer> {
        let owed = phase == .training ? member.owed(to: step)?.subtracting(covered) : nil
        return .report(
            .left(
                worker: member.name, reason: reason, members: left,
                owed: owed.map { owed in
                    let names = helpers.filter { $0.slots.intersects(owed) }.map(\.name)
                    return owedWork(owed, since: member.askedAt, helpers: names, now: now)
                }))
    }

    /// The connection to a worker has ended, by itself or because nothing came over it any more.
    public mutating func connectionEnded(
        _ peer: Peer, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        let silence = index(of: peer).map { now - members[$0].heardAt } ?? .zero
        // A connection that the transport cuts for silence has been silent for that long.
        let reason =
            silence > settings.heartbeatTimeout * 0.9
            ? "it has been silent for \(silence.text)" : "its connection is closed"
        return lose(peer, reason: reason, now: now)
    }

    /// Goes on without a worker that is connected but does not do its work, and tells it so.
    public mutating func giveUp(
        _ peer: Peer, reason: String, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        giveUp([(peer, reason)], now: now)
    }

    mutating func giveUp(
        _ gone: [(peer: Peer, reason: String)], now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        let gone = gone.filter { index(of: $0.peer) != nil }
        let effects = lose(gone, now: now)
        givenUp += gone.map { $0.peer }
        return effects + gone.map { .send(.expel(Notice(reason: $0.reason)), to: $0.peer) }
    }

    /// What follows a departure in each phase.
    private mutating func regroup(now: Duration) -> [CoordinatorEffect<Peer>] {
        switch phase {
        case .distributing where members.count < settings.workersToBegin:
            phase = .gathering
            startWaiting(now)
            return []
        default: return assignData(now: now) + pauseIfTooFew(now: now) + endIfStuck(now: now)
        }
    }

    /// One of the worker processes that were to join from this machine has ended.
    ///
    /// The run makes do with those that remain; if there are none, nobody will come any more.
    public mutating func localWorkerEnded(
        _ reason: String, remaining: Int, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        guard !isOver else { return [] }
        if remaining == 0 {
            // They may have got the signal as well, and have been faster.
            let outcome = interruption.map { Outcome.interrupted(signal: $0) }
            return (step > 0 ? checkpoint() : [])
                + finish(outcome ?? .workersEnded(reason), now: now)
        }
        settings.workersToBegin = min(settings.workersToBegin, remaining)
        settings.minimumWorkers = min(settings.minimumWorkers, remaining)
        return hasBegun ? goOn(now: now) : assignData(now: now)
    }
}
