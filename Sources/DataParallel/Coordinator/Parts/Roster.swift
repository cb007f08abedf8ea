import Keys
import Protocol

/// Who takes part, who was expelled, and who may join.
package struct Roster<Peer: Hashable & Sendable>: Sendable {
    /// What becomes of a peer that says hello.
    enum Join: Sendable {
        /// It is a member now.
        case joined(index: Int)
        /// It is one already.
        case present
        /// It cannot join now.
        case ignored(reason: String)
        /// It is not taken in any more.
        case banned(name: String, reason: String)
    }

    /// In the order in which they joined.
    private var members: [Member<Peer>] = []
    /// Those who were expelled and have not come back; what they still say is passed over.
    ///
    /// In order, so that effects come in the same order in every process.
    private(set) var expelled: [Peer] = []
    /// Who has computed wrongly, and whose sums nobody has checked.
    var known = KnownWorkers()
    /// What members have said that nothing asked them for, and those who have said too much of it.
    var accounts = Accounts()
    private var overdrawn: [Peer] = []
    private var admission: Admission
    private var names = WorkerNames()
    /// How many have joined: the identities of those that show none.
    private var connections = 0
    /// What has been dropped of peers that are no members.
    private var droppedOfStrangers = 0
    /// The most members that there were at once.
    private(set) var most = 0

    /// Nobody so far.
    init(shards: Int) { admission = Admission(shards: shards) }

    // MARK: - Members

    var indices: Range<Int> { members.indices }
    var count: Int { members.count }
    var isEmpty: Bool { members.isEmpty }
    /// All members, in the order in which they joined.
    var all: [Member<Peer>] { members }

    /// A member by its place, which holds until somebody leaves.
    subscript(index: Int) -> Member<Peer> {
        _read { yield members[index] }
        _modify { yield &members[index] }
    }

    // A loop over indices, here and where else each message or step comes by: a closure's argument, and the
    // machine that it captures, would be copied.
    /// The place of a peer's member; nil where it has not joined.
    func index(of peer: Peer) -> Int? {
        for index in members.indices where members[index].peer == peer { return index }
        return nil
    }

    /// The members that have their data.
    var readyCount: Int {
        var count = 0
        for index in members.indices where members[index].isReady { count += 1 }
        return count
    }

    /// The places of the members that do not stand by and fulfil a condition.
    func active(where isMeant: (Member<Peer>) -> Bool) -> [Int] {
        var active: [Int] = []
        for index in members.indices where !members[index].isOnStandby && isMeant(members[index]) {
            active.append(index)
        }
        return active
    }

    // MARK: - Coming and going

    /// Time has passed.
    mutating func tick(now: Duration) { admission.tick(now: now) }

    /// A peer says hello.
    mutating func join(
        _ peer: Peer, _ caller: AllowedWorker?, _ hello: Hello, shards: Int, now: Duration
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
        let name = names.name(hello, caller?.name, identity, taken: Set(members.map(\.name)))
        if let reason = known.ban(of: identity) { return .banned(name: name, reason: reason) }
        known.join(identity)
        members.append(Member(peer, caller, identity, name: name, limit: shards, now: now))
        most = max(most, members.count)
        return .joined(index: members.count - 1)
    }

    /// A peer is gone; gives the member that it was, if it was one.
    mutating func leave(_ peer: Peer) -> Member<Peer>? {
        expelled.removeAll { $0 == peer }
        guard let member = remove(peer) else { return nil }
        known.leave(member.identity)
        return member
    }

    /// Removes a peer that says farewell at the run's end; one that was expelled is told of the end again.
    mutating func remove(_ peer: Peer) -> Member<Peer>? {
        index(of: peer).map { members.remove(at: $0) }
    }

    /// Peers that have left were expelled, and may not know it.
    mutating func expel(_ peers: [Peer]) { expelled += peers }

    /// Takes tokens of a member, for what it has cost; one that has not so many is overdrawn.
    mutating func charge(_ cost: Int, _ index: Int, now: Duration) {
        let member = members[index]
        guard !accounts.take(cost, from: member.identity, now: now) else { return }
        if !overdrawn.contains(member.peer) { overdrawn.append(member.peer) }
    }

    /// The members that are overdrawn since it was last asked.
    mutating func takeOverdrawn() -> [Peer] {
        guard !overdrawn.isEmpty else { return [] }
        defer { overdrawn = [] }
        return overdrawn
    }

    /// A message of a peer is dropped; gives how many of it have been by now.
    ///
    /// Members are counted each for itself, all others together: they can be without number.
    mutating func countDropped(of index: Int?) -> Int {
        guard let index else {
            droppedOfStrangers += 1
            return droppedOfStrangers
        }
        members[index].dropped += 1
        return members[index].dropped
    }
}
