import Keys
import Protocol
import RunEvents

// Membership: joining, and leaving.

extension CoordinatorMachine {
    /// Handles a peer's message; partial sums use the other overload, after verification.
    ///
    /// - Parameters:
    ///   - caller: the credential that the peer has proved to hold, if one is required.
    ///   - address: looks up the peer's network address; called only when it is reported.
    package mutating func receive(
        _ message: WorkerMessage, from peer: Peer, caller: AllowedWorker? = nil,
        address: () -> String? = { nil }, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        if isOver { return leaveAtTheEnd(message, peer, now: now) }
        if case .hello(let hello) = message {
            return join(peer, caller, hello, address: address(), now: now)
        }
        let index: Int
        switch admit(peer, caller, address: address, now: now) {
        case .member(let place): index = place
        case .other(let effects): return effects
        }
        switch message {
        case .hello: return []
        case .ready(let ranges): return ready(index, ranges, now: now)
        case .fetch(let fetch): return give(fetch, to: index, now: now)
        case .partialSum: return [drop(peer, "a partial sum that nobody has verified")]
        case .status(let status):
            roster[index].status = (status, at: now)
            return []
        case .leave(let notice):
            return lose(peer, reason: notice.reason, now: now)
        }
    }

    /// The sender of a message.
    enum Sender {
        /// The member at a place.
        case member(Int)
        /// A peer whose message is dropped or ignored.
        case other([CoordinatorEffect<Peer>])
    }

    /// Finds the member that sent a message, and records that it is alive.
    mutating func admit(
        _ peer: Peer, _ caller: AllowedWorker?, address: () -> String?, now: Duration
    ) -> Sender {
        guard let index = roster.index(of: peer) else {
            if roster.expelled.contains(peer) { return .other([]) }
            return .other([
                drop(peer, "a message from a peer that has not joined", address: address())
            ])
        }
        // A peer may claim the routing id of a departed one before the departure is noticed.
        guard roster[index].caller == caller else {
            return .other([drop(peer, "a message with another worker's credential", cost: 0)])
        }
        roster[index].heardAt = now
        return .member(index)
    }

    private mutating func leaveAtTheEnd(
        _ message: WorkerMessage, _ peer: Peer, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        switch message {
        case .leave:
            _ = roster.remove(peer)
            return closeIfEmpty()
        // It was dropped earlier and reconnects.
        case .hello: return [.send(.stop(Notice(reason: "the run ends")), to: peer)]
        default: return []
        }
    }

    private mutating func join(
        _ peer: Peer, _ caller: AllowedWorker?, _ hello: Hello, address: String?, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        let index: Int
        switch roster.join(peer, caller, hello, now: now) {
        case .present: return []
        case .ignored(let reason): return [drop(peer, reason, address: address)]
        case .banned(let name, let reason):
            return [
                .report(.refused(peer: name, reason: reason)),
                .send(.refuse(Notice(reason: reason)), to: peer),
            ]
        case .joined(let place): index = place
        }
        // A worker that was too slow before is probed first, so that it does not delay the others.
        let times = roster.known.timesOnStandby(roster[index].identity)
        if times > 0, hasBegun {
            roster[index].share.standby = Standby(times: times, now: now)
        }
        let description = WorkerDescription(
            name: roster[index].name, address: address, lanes: hello.lanes, kernels: hello.kernels)
        let effects: [CoordinatorEffect<Peer>] = [
            .report(.joined(description, members: roster.count)),
            .send(.welcome(settings.welcome), to: peer),
        ]
        return effects + assignData(now: now)
    }

    /// Removes a worker that has left, and reassigns what it owed in the same step.
    public mutating func lose(
        _ peer: Peer, reason: String, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        lose([(peer, reason)], now: now)
    }

    private mutating func lose(
        _ gone: [(peer: Peer, reason: String)], now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        var departures: [(member: Member<Peer>, reason: String, left: Int)] = []
        for (peer, reason) in gone {
            guard let member = roster.leave(peer) else { continue }
            departures.append((member, reason, roster.count))
        }
        guard !departures.isEmpty else { return [] }
        if isOver { return closeIfEmpty() }
        shares.invalidate()
        endStandbyIfAlone()
        audits.release(Set(gone.map { $0.peer }))
        let (effects, helpers) = askForOrphans(now: now)
        let reports = departures.map { member, reason, left in
            report(departure: member, reason, left: left, helpers, now: now)
        }
        return effects + askAuditors(now: now) + reports + updateIfComplete() + regroup(now: now)
    }

    /// Reports that a member left, and which members compute what it owed.
    private func report(
        departure member: Member<Peer>, _ reason: String, left: Int, _ helpers: [Helper],
        now: Duration
    ) -> CoordinatorEffect<Peer> {
        let owed =
            phase == .stepping ? member.requests.owed(to: step)?.intersection(ledger.missing) : nil
        return .report(
            .left(
                worker: member.name, reason: reason, members: left,
                owed: owed.map { owed in
                    let names = helpers.filter { $0.slots.intersects(owed) }.map(\.name)
                    return owedWork(owed, since: member.requests.askedAt, helpers: names, now: now)
                }))
    }

    /// Handles the end of a connection, closed by the peer or cut for silence.
    public mutating func connectionEnded(
        _ peer: Peer, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        let silence = roster.index(of: peer).map { now - roster[$0].heardAt } ?? .zero
        // The transport cuts a connection only after it was silent for the heartbeat timeout.
        let reason =
            silence > settings.heartbeatTimeout * 0.9
            ? "it has been silent for \(silence.text)" : "its connection is closed"
        return lose(peer, reason: reason, now: now)
    }

    /// Expels a connected worker that does not do its work, and notifies it.
    public mutating func expel(
        _ peer: Peer, reason: String, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        expel([(peer, reason)], now: now)
    }

    mutating func expel(
        _ gone: [(peer: Peer, reason: String)], now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        let gone = gone.filter { roster.index(of: $0.peer) != nil }
        let effects = lose(gone, now: now)
        roster.expel(gone.map { $0.peer })
        return effects + gone.map { .send(.expel(Notice(reason: $0.reason)), to: $0.peer) }
    }

    /// Continues after a departure, depending on the phase.
    private mutating func regroup(now: Duration) -> [CoordinatorEffect<Peer>] {
        switch phase {
        case .distributing where roster.count < settings.workersToBegin:
            phase = .gathering
            waiting.begin(now)
            return []
        default: return assignData(now: now) + pauseIfTooFew(now: now) + endIfStuck(now: now)
        }
    }

    /// Handles the exit of a worker process on this machine.
    ///
    /// The run continues with the remaining workers. Unless others may join, it asks for no more than these,
    /// and without any it ends.
    public mutating func localWorkerEnded(
        _ reason: String, remaining: Int, othersMayJoin: Bool, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        guard !isOver else { return [] }
        if remaining == 0, !othersMayJoin {
            // The workers may have received the same signal, and exited first.
            let outcome = interruption.map { Outcome.interrupted(signal: $0) }
            return (step > 0 ? checkpoint() : [])
                + finish(outcome ?? .workersEnded(reason), now: now)
        }
        if !othersMayJoin { settings.minimumWorkers = min(settings.minimumWorkers, remaining) }
        settings.workersToBegin = max(
            settings.minimumWorkers, min(settings.workersToBegin, remaining))
        return hasBegun ? goOn(now: now) : assignData(now: now)
    }
}
