import Protocol

// Unrequested messages: they cost their sender tokens, and a member without tokens is expelled.

extension CoordinatorMachine {
    /// Decides from a message's header alone whether to read the rest.
    ///
    /// - Parameter bytes: the size of the header.
    /// - Returns: false for a sum that its sender was not asked for.
    public mutating func isWorthReading(
        _ message: WorkerMessage, bytes: Int, from peer: Peer
    ) -> Bool {
        // Messages in flight when a run ends are not their sender's fault.
        if isOver { return true }
        guard let index = roster.index(of: peer) else {
            if case .partialSum = message { return false }
            return true
        }
        let isAskedFor =
            switch message {
            case .status: roster[index].demands.answerPing()
            case .ready: roster[index].demands.answerAssignment()
            case .partialSum: roster[index].demands.answerRequest()
            case .hello: false
            // A fetch that cannot be answered is dropped, which costs its sender the same.
            case .fetch: true
            case .leave: true
            }
        if isAskedFor { return true }
        if case .partialSum = message { return false }
        charge(Accounts.cost(headerBytes: bytes), index)
        return true
    }

    /// Whether a sum of a peer may arrive in blocks.
    package func awaitsSum(of peer: Peer) -> Bool {
        guard let index = roster.index(of: peer) else { return false }
        // When a run ends, one may be on its way.
        return isOver || roster[index].demands.awaitsSum
    }

    /// Counts a sum that its sender began but does not complete.
    package mutating func countIncompleteSum(of peer: Peer) {
        guard let index = roster.index(of: peer) else { return }
        _ = roster[index].demands.answerRequest()
    }

    /// Records that a member has taken or sent a block: its link is slow, but it does not hang.
    package mutating func noteProgress(of peer: Peer, isSender: Bool, now: Duration) {
        guard let index = roster.index(of: peer) else { return }
        roster[index].progressAt = now
        if isSender { roster[index].heardAt = now }
    }

    /// Takes tokens from a member.
    mutating func charge(_ cost: Int, _ index: Int) {
        // The time of the last tick is exact enough for a rate per second.
        roster.charge(cost, index, now: waiting.lastTick)
    }

    /// Expels the members that are overdrawn.
    ///
    /// The caller calls this after each message.
    public mutating func expelOverdrawn(now: Duration) -> [CoordinatorEffect<Peer>] {
        roster.takeOverdrawn().flatMap { expelFlooder($0, now: now) }
    }

    /// Expels a member that sends too many unrequested messages, or sends faster than it can be read.
    ///
    /// The second time, its identity is banned with all its connections.
    public mutating func expelFlooder(_ peer: Peer, now: Duration) -> [CoordinatorEffect<Peer>] {
        guard let index = roster.index(of: peer) else { return [] }
        let identity = roster[index].identity
        let reason = "it keeps sending what it was not asked for"
        guard roster.accounts.recordExpulsion(identity, now: now) else {
            return [.cutOff(peer)] + lose(peer, reason: reason, now: now)
        }
        roster.known.ban(identity, reason: "it kept sending what it was not asked for, twice")
        return roster.all.filter { $0.identity == identity }.flatMap {
            [.cutOff($0.peer)] + lose($0.peer, reason: "\(reason), and is banned", now: now)
        }
    }

    /// Pings every member, so that the transport notices unreachable ones.
    ///
    /// It also repeats the notice to expelled peers, which may have missed it.
    public mutating func probe() -> [CoordinatorEffect<Peer>] {
        let notice = Notice(reason: "it stopped answering")
        for index in roster.indices { roster[index].demands.ping() }
        return roster.all.map { .send(.ping, to: $0.peer) }
            + roster.expelled.map { .send(.expel(notice), to: $0) }
    }

    /// Drops a message that is invalid or not allowed.
    ///
    /// Members are counted individually and all other peers together, because there is no limit on their
    /// number. Reports never name a peer by its transport id: see ``PeerIdentity``.
    ///
    /// - Parameters:
    ///   - address: the peer's network address, if the transport knows it.
    ///   - cost: the tokens that detecting it cost.
    public mutating func drop(
        _ peer: Peer, _ reason: String, address: String? = nil, cost: Int = 1
    ) -> CoordinatorEffect<Peer> {
        let index = roster.index(of: peer)
        if let index { charge(cost, index) }
        let name =
            index.map { roster[$0].name } ?? address.map { "a stranger at \($0)" } ?? "a stranger"
        let total = roster.countDropped(of: index)
        return .report(.dropped(peer: name, reason: reason, total: total))
    }
}
