import Protocol

// What members say that nothing asked them for: they pay for it, and who cannot pay is put out.

extension CoordinatorMachine {
    /// A message has come, and nothing but its header has been looked at.
    ///
    /// - Parameter bytes: of its header.
    /// - Returns: whether it is worth more: not a sum that its sender was not asked for.
    public mutating func isWorthReading(
        _ message: WorkerMessage, bytes: Int, from peer: Peer
    ) -> Bool {
        // What is under way when a run ends is nobody's fault.
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
            // One that cannot be answered is dropped, and costs its sender the same.
            case .fetch: true
            case .leave: true
            }
        if isAskedFor { return true }
        if case .partialSum = message { return false }
        charge(Accounts.cost(headerBytes: bytes), index)
        return true
    }

    /// Takes tokens of a member, for what it has cost.
    mutating func charge(_ cost: Int, _ index: Int) {
        // As late as the last tick, which changes nothing where only so much a second matters.
        roster.charge(cost, index, now: waiting.lastTick)
    }

    /// Puts out the members that have said too much that nothing asked for.
    ///
    /// To be called after each message.
    public mutating func putOutOverdrawn(now: Duration) -> [CoordinatorEffect<Peer>] {
        roster.takeOverdrawn().flatMap { putOut($0, now: now) }
    }

    /// Puts out a member that has said too much that nothing asked for, or too fast to be read; the second
    /// time for good, with all others of its identity.
    public mutating func putOut(_ peer: Peer, now: Duration) -> [CoordinatorEffect<Peer>] {
        guard let index = roster.index(of: peer) else { return [] }
        let identity = roster[index].identity
        let reason = "it keeps sending what it was not asked for"
        guard roster.accounts.putOut(identity, now: now) else {
            return [.cutOff(peer)] + lose(peer, reason: reason, now: now)
        }
        roster.known.ban(identity, reason: "it kept sending what it was not asked for, twice")
        return roster.all.filter { $0.identity == identity }.flatMap {
            [.cutOff($0.peer)] + lose($0.peer, reason: "\(reason), and is banned", now: now)
        }
    }

    /// A word to every member, by which the transport notices who cannot be reached; and to those
    /// who were dropped, in case they have not heard.
    public mutating func probe() -> [CoordinatorEffect<Peer>] {
        let notice = Notice(reason: "it stopped answering")
        for index in roster.indices { roster[index].demands.ping() }
        return roster.all.map { .send(.ping, to: $0.peer) }
            + roster.expelled.map { .send(.expel(notice), to: $0) }
    }

    /// A message that is not understood, or that must not be obeyed.
    ///
    /// Members are counted each for itself, all others together: they can be without number. A peer is
    /// never named by what the transport calls it: see ``PeerIdentity``.
    ///
    /// - Parameters:
    ///   - address: where the peer dials from, if the transport knows.
    ///   - cost: in tokens, what it took to find out.
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
