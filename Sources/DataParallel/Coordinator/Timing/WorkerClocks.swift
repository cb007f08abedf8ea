/// The clocks of a coordinator's workers, by peer.
///
/// A step looks up each clock several times, usually the same one twice in a row, and then the next one. Clocks
/// are changed in place, because copying one takes longer than changing it.
struct WorkerClocks<Peer: Hashable & Sendable>: Sendable {
    /// A worker's clock.
    struct Entry: Sendable {
        let peer: Peer
        var clock: WorkerClock
    }

    /// The clocks, in the order in which the workers joined.
    var entries: [Entry] = []
    private var places: [Peer: Int] = [:]
    /// The place of the last clock that was looked up.
    private var last = 0

    /// The place of a worker's clock; nil if it has none.
    mutating func place(of peer: Peer) -> Int? {
        let next = last + 1 < entries.count ? last + 1 : 0
        if !isOf(peer, last) {
            guard let place = isOf(peer, next) ? next : places[peer] else { return nil }
            last = place
        }
        return last
    }

    private func isOf(_ peer: Peer, _ place: Int) -> Bool {
        place < entries.count && entries[place].peer == peer
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
        places = [:]
        for (place, entry) in entries.enumerated() { places[entry.peer] = place }
    }
}
