/// The clocks of a coordinator's workers, by peer.
///
/// A step looks up each clock several times, usually the same one twice in a row. Clocks are changed in place,
/// because copying one takes longer than changing it.
struct WorkerClocks<Peer: Hashable & Sendable>: Sendable {
    /// A worker's clock.
    struct Entry: Sendable {
        let peer: Peer
        var clock: WorkerClock
    }

    /// The clocks, in the order in which the workers joined.
    var entries: [Entry] = []
    private var places: [Peer: Int] = [:]
    private var last: (peer: Peer, place: Int)?

    /// The place of a worker's clock; nil if it has none.
    mutating func place(of peer: Peer) -> Int? {
        if let last, last.peer == peer { return last.place }
        guard let place = places[peer] else { return nil }
        last = (peer, place)
        return place
    }

    /// The clock of a worker.
    func clock(of peer: Peer) -> WorkerClock? { places[peer].map { entries[$0].clock } }

    /// Adds a worker's clock; it replaces an earlier one.
    mutating func add(_ peer: Peer, _ clock: WorkerClock) {
        keep { $0 != peer }
        places[peer] = entries.count
        entries.append(Entry(peer: peer, clock: clock))
    }

    /// Removes the workers that do not satisfy the condition.
    mutating func keep(where isKept: (Peer) -> Bool) {
        guard !entries.allSatisfy({ isKept($0.peer) }) else { return }
        entries.removeAll { !isKept($0.peer) }
        last = nil
        places = [:]
        for (place, entry) in entries.enumerated() { places[entry.peer] = place }
    }
}
