import Protocol
import Training

// Who takes part: joining, data, leaving, waiting.

extension CoordinatorMachine {
    /// A message of this run has come from a peer.
    ///
    /// - Parameter address: where the peer dials from, if the transport knows.
    public mutating func receive(
        _ message: WorkerMessage, from peer: Peer, address: String? = nil, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        if isOver { return leaveAtTheEnd(message, peer) }
        if case .hello(let hello) = message { return join(peer, hello, address: address) }
        guard let index = members.firstIndex(where: { $0.peer == peer }) else {
            return [drop(peer, "a message from a peer that has not joined")]
        }
        switch message {
        case .hello: return []
        case .ready(let range): return ready(index, range, now: now)
        case .fetch(let fetch):
            guard (0..<plan.shards).contains(fetch.shard),
                (0..<plan.examples(inShard: fetch.shard)).contains(fetch.first)
            else { return [drop(peer, "a request for examples that there are not")] }
            return [.sendShardPart(fetch, to: peer)]
        case .partialSum(let sum): return accept(sum, from: peer)
        case .leave(let notice): return lose(peer, reason: notice.reason, now: now)
        }
    }

    private mutating func leaveAtTheEnd(
        _ message: WorkerMessage, _ peer: Peer
    ) -> [CoordinatorEffect<Peer>] {
        guard case .leave = message else { return [] }
        members.removeAll { $0.peer == peer }
        return closeIfEmpty()
    }

    private mutating func join(
        _ peer: Peer, _ hello: Hello, address: String?
    ) -> [CoordinatorEffect<Peer>] {
        guard !members.contains(where: { $0.peer == peer }) else { return [] }
        let name = "\(hello.host):\(hello.pid)"
        members.append(Member(peer: peer, name: name, assigned: 0..<0))
        mostWorkers = max(mostWorkers, members.count)
        let description = WorkerDescription(
            name: name, address: address, lanes: hello.lanes, kernels: hello.kernels)
        var effects: [CoordinatorEffect<Peer>] = [
            .report(.joined(description, members: members.count)),
            .send(.welcome(settings.welcome), to: peer),
        ]
        switch phase {
        case .gathering where members.count >= settings.minimumWorkers, .distributing:
            effects += distribute()
        case .training, .evaluating:
            // Its share of the data is sent now; it counts from the step after it has it.
            guard hasBegun else { break }
            effects += assign(members.count - 1, share(members.count - 1, of: members.count))
        default: break
        }
        return effects
    }

    /// Deals the slots to all members anew and asks each to get its data ready.
    mutating func distribute() -> [CoordinatorEffect<Peer>] {
        phase = .distributing
        return members.indices.flatMap { index in assign(index, share(index, of: members.count)) }
    }

    private mutating func assign(_ index: Int, _ slots: Range<Int>) -> [CoordinatorEffect<Peer>] {
        members[index].assigned = slots
        members[index].isReady = false
        return [.send(.assign(SlotRange(slots)), to: members[index].peer)]
    }

    /// The slots of one of `count` members: equal contiguous parts, some empty if there are more
    /// members than slots.
    func share(_ index: Int, of count: Int) -> Range<Int> {
        index * plan.shards / count..<(index + 1) * plan.shards / count
    }

    private mutating func ready(
        _ index: Int, _ range: SlotRange, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        // An answer to an earlier assignment, or one that was never made, means nothing.
        guard range == SlotRange(members[index].assigned) else { return [] }
        members[index].isReady = true
        switch phase {
        case .distributing where members.allSatisfy(\.isReady):
            phase = .training
            hasBegun = true
            return [.report(.training(workers: members.count, fromStep: step))] + beginStep()
        case .training:
            return reassignOrphans()
        default: return []
        }
    }

    /// A worker is gone: its unfinished slots go to others in the same step.
    public mutating func lose(
        _ peer: Peer, reason: String, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        guard let index = members.firstIndex(where: { $0.peer == peer }) else { return [] }
        let member = members.remove(at: index)
        if isOver { return closeIfEmpty() }
        var effects: [CoordinatorEffect<Peer>] = [
            .report(.left(worker: member.name, reason: reason, members: members.count))
        ]
        for slot in owners.indices where owners[slot] == peer { owners[slot] = nil }
        switch phase {
        case .training:
            if members.isEmpty { startWaiting(now) }
            effects += reassignOrphans()
            if members.isEmpty, let interruption {
                effects += [.checkpoint] + finish(.interrupted(signal: interruption))
            }
        case .distributing where members.count < settings.minimumWorkers:
            phase = .gathering
            startWaiting(now)
        case .distributing: effects += distribute()
        default: if members.isEmpty { startWaiting(now) }
        }
        return effects
    }

    /// One of the worker processes that were to join from this machine has ended.
    ///
    /// The run makes do with those that remain; if there are none, nobody will come any more.
    public mutating func localWorkerEnded(
        _ reason: String, remaining: Int
    ) -> [CoordinatorEffect<Peer>] {
        guard !isOver else { return [] }
        if remaining == 0 {
            return (step > 0 ? [.checkpoint] : []) + finish(.workersEnded(reason))
        }
        settings.minimumWorkers = min(settings.minimumWorkers, remaining)
        let isEnough = members.count >= settings.minimumWorkers
        return phase == .gathering && isEnough ? distribute() : []
    }

    mutating func startWaiting(_ now: Duration) {
        waitingSince = now
        lastNotice = now
    }

    /// Time has passed.
    public mutating func tick(now: Duration) -> [CoordinatorEffect<Peer>] {
        if isOver { return tickWhileEnding() }
        let isWaiting =
            switch phase {
            case .gathering: true
            case .training: members.isEmpty
            default: false
            }
        guard isWaiting else { return [] }
        let needed = phase == .gathering ? settings.minimumWorkers : 1
        if let timeout = settings.joinTimeout, now - waitingSince >= timeout {
            // Whoever has steps behind him keeps them.
            let kept: [CoordinatorEffect<Peer>] = phase == .training ? [.checkpoint] : []
            return kept + finish(.tooFewWorkers(members: members.count, needed: needed))
        }
        guard now - lastNotice >= .seconds(5) else { return [] }
        lastNotice = now
        let seconds = Int((now - waitingSince).components.seconds)
        return [.report(.waiting(members: members.count, needed: needed, seconds: seconds))]
    }

    /// A message that is not understood, or that must not be obeyed.
    public mutating func drop(_ peer: Peer, _ reason: String) -> CoordinatorEffect<Peer> {
        droppedMessages += 1
        let name = members.first { $0.peer == peer }?.name ?? "peer \(peer)"
        return .report(.dropped(peer: name, reason: reason, total: droppedMessages))
    }
}
