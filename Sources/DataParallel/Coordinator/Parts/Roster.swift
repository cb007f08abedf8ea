import Keys
import Protocol

/// The members, the expelled peers, and the rules for joining.
package struct Roster<Peer: Hashable & Sendable>: Sendable {
    /// The result of a peer's hello.
    package enum Join: Sendable {
        /// It is a member now.
        case joined(index: Int)
        /// It is already a member.
        case present
        /// It cannot join now.
        case ignored(reason: String)
        /// Its identity is banned.
        case banned(name: String, reason: String)
    }

    /// The members in the order in which they joined.
    private var members: [Member<Peer>] = []
    /// The place of each member; only looked up, because the order of a dictionary differs between processes.
    private var places: [Peer: Int] = [:]
    /// The names of the members.
    private var taken: Set<String> = []
    /// The expelled peers that have not rejoined; their messages are ignored.
    ///
    /// An array, so that effects have the same order in every process.
    package private(set) var expelled: [Peer] = []
    /// Which workers sent wrong sums, and whose sums are unchecked.
    package var known = KnownWorkers()
    /// The tokens of each worker, and the members that ran out of them.
    var accounts = Accounts()
    private var overdrawn: [Peer] = []
    private var admission: Admission
    private var names = WorkerNames()
    /// How many peers have joined; it identifies those that show no identity.
    private var connections = 0
    /// How many messages of peers that are not members were dropped.
    private var droppedOfStrangers = 0
    /// The most members at any one time.
    package private(set) var most = 0

    /// Starts without members.
    package init(shards: Int) { admission = Admission(shards: shards) }

    // MARK: - Members

    var indices: Range<Int> { members.indices }
    package var count: Int { members.count }
    var isEmpty: Bool { members.isEmpty }
    /// All members, in the order in which they joined.
    package var all: [Member<Peer>] { members }

    /// A member by its place, which is valid until a member leaves.
    package subscript(index: Int) -> Member<Peer> {
        _read { yield members[index] }
        _modify { yield &members[index] }
    }

    /// The place of a peer's member; nil if it has not joined.
    package func index(of peer: Peer) -> Int? { places[peer] }

    /// The peer of the member at a place; through the subscript, the whole member would be copied.
    func peer(at index: Int) -> Peer { members[index].peer }

    // Loops run over indices here and in all code that runs for each message or step: a closure's argument, and
    // the machine that it captures, would be copied.
    /// The number of members that have their data.
    var readyCount: Int {
        var count = 0
        for index in members.indices where members[index].isReady { count += 1 }
        return count
    }

    /// The places of the members that are not on standby and fulfil a condition.
    func active(where isMeant: (Member<Peer>) -> Bool) -> [Int] {
        var active: [Int] = []
        for index in members.indices where !members[index].isOnStandby && isMeant(members[index]) {
            active.append(index)
        }
        return active
    }

    // MARK: - Coming and going

    /// Advances the time.
    package mutating func tick(now: Duration) { admission.tick(now: now) }

    /// Handles a peer's hello.
    package mutating func join(
        _ peer: Peer, _ caller: AllowedWorker?, _ hello: Hello, now: Duration
    ) -> Join {
        guard index(of: peer) == nil else { return .present }
        if let caller, !caller.isShared, members.contains(where: { $0.caller == caller }) {
            return .ignored(
                reason: "a hello of a second worker with the credential \(caller.name)")
        }
        if let reason = admission.refusal(members: members.count) {
            return .ignored(reason: reason)
        }
        expelled.removeAll { $0 == peer }
        connections += 1
        let identity = WorkerIdentity(caller, hello, connection: connections)
        let name = names.name(hello, caller?.name, identity, taken: taken)
        if let reason = known.ban(of: identity) { return .banned(name: name, reason: reason) }
        known.join(identity)
        places[peer] = members.count
        taken.insert(name)
        members.append(
            Member(peer, caller, identity, name: name, lanes: hello.lanes, now: now))
        most = max(most, members.count)
        return .joined(index: members.count - 1)
    }

    /// Handles a peer's departure; returns its member, if it was one.
    package mutating func leave(_ peer: Peer) -> Member<Peer>? {
        expelled.removeAll { $0 == peer }
        guard let member = remove(peer) else { return nil }
        known.leave(member.identity)
        return member
    }

    /// Removes a member that leaves at the run's end, without changing `expelled`, whose peers are told of the
    /// end again.
    package mutating func remove(_ peer: Peer) -> Member<Peer>? {
        guard let place = places.removeValue(forKey: peer) else { return nil }
        let member = members.remove(at: place)
        taken.remove(member.name)
        for index in place..<members.count { places[members[index].peer] = index }
        return member
    }

    /// Records peers that were expelled; they may not know it.
    package mutating func expel(_ peers: [Peer]) { expelled += peers }

    /// Takes tokens from a member; one with too few is overdrawn.
    package mutating func charge(_ cost: Int, _ index: Int, now: Duration) {
        let member = members[index]
        guard !accounts.take(cost, from: member.identity, now: now) else { return }
        if !overdrawn.contains(member.peer) { overdrawn.append(member.peer) }
    }

    /// The members that became overdrawn since the last call.
    package mutating func takeOverdrawn() -> [Peer] {
        guard !overdrawn.isEmpty else { return [] }
        defer { overdrawn = [] }
        return overdrawn
    }

    /// Counts a dropped message; returns how many were dropped so far.
    ///
    /// Members are counted individually and all other peers together, because there is no limit on their
    /// number.
    package mutating func countDropped(of index: Int?) -> Int {
        guard let index else {
            droppedOfStrangers += 1
            return droppedOfStrangers
        }
        members[index].dropped += 1
        return members[index].dropped
    }
}
